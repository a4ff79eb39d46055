"""Recordings of any browser become voice messages; what is no sound becomes nothing."""

import io
from pathlib import Path

import av
import pytest

from app.services import voicing
from app.services.media.kinds import sniff
from tests.recordings import RATE, recorded


@pytest.mark.parametrize(
    ("form", "codec"), [("webm", "libopus"), ("ogg", "libopus"), ("mp4", "aac")]
)
def test_recording_becomes_ogg_with_opus_of_the_same_length(tmp_path: Path, form: str, codec: str):
    made = voicing.to_voice(recorded(tmp_path / "sound", form, codec, seconds=2))

    assert made is not None
    assert sniff(made[:64]) == "audio/ogg"
    with av.open(io.BytesIO(made)) as found:
        [stream] = found.streams
        assert (stream.codec_context.name, stream.codec_context.layout.name) == ("opus", "mono")
        samples = sum(frame.samples for frame in found.decode(audio=0))
    assert samples / RATE == pytest.approx(2, abs=0.1)


NO_SOUND = {
    "empty": b"",
    "webm": b"\x1aE\xdf\xa3 nothing",
    "ogg": b"OggS" * 100,
    "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "playlist": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x\n",
}


@pytest.mark.parametrize("data", NO_SOUND.values(), ids=NO_SOUND)
def test_what_is_no_sound_becomes_nothing(tmp_path: Path, data: bytes):
    path = tmp_path / "voice"
    path.write_bytes(data)

    assert voicing.to_voice(path) is None


def test_broken_recording_is_none_or_what_is_left_of_it(tmp_path: Path):
    whole = recorded(tmp_path / "whole", "webm", "libopus", seconds=2).read_bytes()
    cut = tmp_path / "cut"
    for length in (10, 200, 1_000, len(whole) // 2):
        cut.write_bytes(whole[:length])
        made = voicing.to_voice(cut)
        assert made is None or sniff(made[:64]) == "audio/ogg"


@pytest.mark.parametrize(
    "list_of", ["ffconcat version 1.0\nfile {}\n", "#EXTM3U\n#EXTINF:2,\n{}\n"]
)
def test_list_that_names_another_file_is_no_sound(tmp_path: Path, list_of: str):
    secret = recorded(tmp_path / "secret.ogg", "ogg", "libopus", seconds=2)
    (tmp_path / "voice").write_text(list_of.format(secret.name))

    assert voicing.to_voice(secret) is not None
    assert voicing.to_voice(tmp_path / "voice") is None
