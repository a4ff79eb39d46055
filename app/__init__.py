"""The product: a shared WhatsApp inbox. docs/architecture.md tells the tree line by line."""
