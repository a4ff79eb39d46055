// What was sent and nobody has confirmed yet, one list per person and conversation, in this browser: a page that loses
// its connection and is loaded anew sends it again. The server knows each by its client_ref and stores it once.
const key = (user, conversation) => `unsent:${user}:${conversation}`;

export function unsent(user, conversation) {
  try {
    const list = JSON.parse(localStorage.getItem(key(user, conversation)) || "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

function write(user, conversation, list) {
  try {
    if (list.length) localStorage.setItem(key(user, conversation), JSON.stringify(list));
    else localStorage.removeItem(key(user, conversation));
  } catch {
    return; // full or forbidden: as without it
  }
}

export function keep(user, conversation, sending) {
  const others = unsent(user, conversation).filter((one) => one.client_ref !== sending.client_ref);
  write(user, conversation, [...others, { ...sending, at: Date.now() }]);
}

export function forget(user, conversation, clientRef) {
  write(user, conversation, unsent(user, conversation).filter((one) => one.client_ref !== clientRef));
}
