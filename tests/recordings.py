"""Sounds as browsers record them."""

import math
from array import array
from fractions import Fraction
from pathlib import Path

import av

RATE, FRAME = 48_000, 960


def recorded(path: Path, form: str, codec: str, seconds: float) -> Path:
    """Record a tone as a browser does."""
    with av.open(str(path), "w", form) as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.layout = "mono"
        fit = av.AudioResampler(
            format=stream.codec_context.format or "s16", layout="mono", rate=RATE,
            frame_size=stream.codec_context.frame_size or 0,
        )  # fmt: skip
        for number in range(int(seconds * RATE / FRAME)):
            frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
            frame.sample_rate, frame.pts, frame.time_base = RATE, number * FRAME, Fraction(1, RATE)
            tone = (math.sin(440 * math.tau * (number * FRAME + at) / RATE) for at in range(FRAME))
            frame.planes[0].update(array("h", (int(9000 * one) for one in tone)).tobytes())
            for one in fit.resample(frame):
                out.mux(stream.encode(one))
        out.mux(stream.encode(None))
    return path
