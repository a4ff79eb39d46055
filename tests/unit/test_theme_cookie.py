"""The profile's colours come to a browser once, and again when the profile has changed."""

import pytest

from app.models.enums import Theme
from app.theme_cookie import cookies_of


@pytest.mark.parametrize(
    ("theme", "known", "comes"),
    [
        (Theme.SYSTEM, None, False),  # a visitor's own choice stays
        (Theme.DARK, None, True),
        (Theme.DARK, "dark", False),  # this browser may have chosen otherwise since
        (Theme.LIGHT, "dark", True),
        (Theme.SYSTEM, "dark", True),
        (Theme.DARK, "nonsense", True),
    ],
)
def test_a_profile_that_changed_takes_the_choice_over(
    theme: Theme, known: str | None, *, comes: bool
) -> None:
    cookies = cookies_of(theme, known)

    assert [cookie.split(";")[0] for cookie in cookies] == (
        [f"theme={theme}", f"theme_known={theme}"] if comes else []
    )
    assert all("SameSite=lax" in cookie and "Path=/" in cookie for cookie in cookies)
    assert [("HttpOnly" in cookie) for cookie in cookies] == ([False, True] if comes else [])
