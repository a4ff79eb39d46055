"""HTTP without pages: webhooks, health, and the REST API. Errors take one shape here."""
