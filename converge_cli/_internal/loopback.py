"""Which hosts are this machine. Never asks a name service: any other name than `localhost` may be anybody."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether only this machine is, or can be reached by, a host: a name or an address, of IPv6 also in brackets."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
