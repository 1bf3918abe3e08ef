"""The HTTP door: JSON, problem+json, server-sent events. Translates between the wire and `server.service`; no logic."""
