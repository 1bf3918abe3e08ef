"""Jobs of a service: submitted, claimed by workers, driven, decided. Every door of a server is a thin face of these."""
