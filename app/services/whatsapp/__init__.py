"""Everything that knows how Meta's Cloud API speaks: client, payloads, errors, signatures."""
