"""The settings: one file a page; each composes cards from components and services."""
