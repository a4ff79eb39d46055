"""Run by `voicing` in a bounded child: a sound becomes OGG with Opus. Knows nothing of the product.

Only here is PyAV loaded, whose libraries are large.
"""

import io
import resource
import sys

import av
from av.error import FFmpegError

CHILD_MEMORY, CHILD_S = 1024 * 1024 * 1024, 30
LONGEST_S = 15 * 60
RATE, BITS_PER_S = 48_000, 32_000
# Nothing but sounds as browsers and phones record them: no list that names other files, no network.
ONLY = {
    "protocol_whitelist": "file",
    "format_whitelist": "matroska,webm,ogg,mov,mp4,m4a,3gp,3g2,mj2,wav,mp3,aac,amr",
    "codec_whitelist": "opus,libopus,vorbis,aac,mp3float,mp3,pcm_s16le,amrnb",
}


def main(path: str) -> bytes:
    """Decode and encode within limits; what follows the longest recording is left out."""
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_S, CHILD_S))
    out = io.BytesIO()
    try:
        with (
            av.open(path, metadata_errors="replace", options=ONLY) as given,
            av.open(out, "w", "ogg") as made,
        ):
            voice = made.add_stream("libopus", rate=RATE, options={"application": "voip"})
            voice.layout, voice.bit_rate = "mono", BITS_PER_S
            narrow = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            frames = 0
            for sound in given.decode(audio=0):
                for one in narrow.resample(sound):
                    frames += one.samples
                    made.mux(voice.encode(one))
                if frames > LONGEST_S * RATE:
                    break
            for one in narrow.resample(None):
                made.mux(voice.encode(one))
            made.mux(voice.encode(None))
    except (FFmpegError, ValueError, IndexError, MemoryError, StopIteration):
        return b""
    return out.getvalue() if frames else b""


if __name__ == "__main__":
    sys.stdout.buffer.write(main(sys.argv[1]))
