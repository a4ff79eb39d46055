"""Who may use the pages and switches of the sandbox: the product's signed-in people."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request

from app.sandbox.runtime import CurrentSandbox, Sandbox

FOREIGN = "Requests that change something must come from this site."


async def viewing_workspace(request: Request, sandbox: CurrentSandbox) -> str:
    """Return the workspace of the signed-in person; 401 without one."""
    workspace = await sandbox.viewer(request)
    if workspace is None:
        raise HTTPException(401, "Sign in first.")
    return workspace


async def changing_workspace(request: Request, sandbox: CurrentSandbox) -> str:
    """As `viewing_workspace`, and 403 unless the page that asks is ours."""
    workspace = await viewing_workspace(request, sandbox)
    if not is_same_origin(request, sandbox):
        raise HTTPException(403, FOREIGN)
    return workspace


ViewingWorkspace = Annotated[str, Depends(viewing_workspace)]
ChangingWorkspace = Annotated[str, Depends(changing_workspace)]


def is_same_origin(request: Request, sandbox: Sandbox) -> bool:
    """Believe `Sec-Fetch-Site`, else `Origin`; a request with neither is not ours."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    public = urlsplit(sandbox.settings.public_url)
    own = {f"{public.scheme}://{public.netloc}", f"{request.url.scheme}://{request.url.netloc}"}
    return origin in own


def is_foreign(request: Request, sandbox: Sandbox) -> bool:
    """Tell whether a browser says that another site asks; programs say nothing."""
    says = "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
    return says and not is_same_origin(request, sandbox)
