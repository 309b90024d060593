"""A county health and family-service office's chatbot and SMS service."""

__version__ = "0.1.0"
