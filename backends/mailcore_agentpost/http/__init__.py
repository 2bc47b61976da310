"""AgentPost's HTTP door: REST under ``/api/v1``."""
