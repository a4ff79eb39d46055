"""Where things are below the public address, for whoever routes, limits, guards or links them.

A name that ends in a slash stands for everything below it.
"""

API = "/api/"
OAUTH = "/api/auth/oauth"
WEBHOOKS = "/api/webhooks/"
WHATSAPP_WEBHOOK = "/api/webhooks/whatsapp"
MEDIA = "/api/media"
POLICY_REPORTS = "/api/policy-reports"
HEALTHZ, READYZ = "/healthz", "/readyz"

STATIC = "/static"
FAVICON = "/favicon.ico"
SANDBOX = "/sandbox"
SANDBOX_GRAPH = "/sandbox/graph"
SANDBOX_ACCOUNTS = "/sandbox/accounts"
SANDBOX_FILES = "/sandbox/phone/files"

# NiceGUI's own: its files are public, its socket and what belongs to a page are not.
NICEGUI = "/_nicegui"
NICEGUI_FILES = "/_nicegui/"
NICEGUI_SOCKET = "/_nicegui_ws"
UPLOADS = "/_nicegui/client/"
NICEGUI_PRIVATE = (NICEGUI_SOCKET, "/_nicegui/client", "/_nicegui/auto")

PROGRAMS = (API, f"{SANDBOX}/", NICEGUI)  # who asks there reads no pages

SIGN_IN = "/sign-in"
DASHBOARD = "/dashboard"
TOO_MANY_PAGES = "/too-many-pages"
