// A file on its way to the server, which looks at it and keeps it: POST /api/media.
const ADDRESS = "/api/media";
export const LARGEST = 100 * 1024 * 1024;

// `done` resolves to { media } or to { error }, a sentence; never rejects. `failed` is said where the server says nothing.
// A recording that is a `voice` message comes out as WhatsApp plays it.
export function bring(file, name, { failed, onProgress, voice = false }) {
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append("file", file, name);
  if (voice) form.append("voice", "true");
  const done = new Promise((resolve) => {
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = request.ontimeout = () => resolve({ error: failed });
    request.onabort = () => resolve({});
    request.onload = () => {
      const { status, response } = request;
      if (status === 201) return resolve({ media: response.media });
      const error = response?.error;
      resolve({ error: error?.fields?.file || error?.message || failed });
    };
  });
  request.open("POST", ADDRESS);
  request.responseType = "json";
  request.send(form);
  return { done, abort: () => request.abort() };
}
