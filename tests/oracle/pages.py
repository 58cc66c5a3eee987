"""What answers in place of KYCAID: gateways, firewalls, proxies, portals. None of it says whether KYCAID acted."""

from tests.oracle.wire import Answer, as_json

_HTML = "text/html; charset=utf-8"


def _html(status: int, title: str, **headers: str) -> Answer:
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><center><h1>{title}</h1></center></body>\r\n</html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=page.encode(), content_type=_HTML, headers=named)


def _text(status: int, text: str) -> Answer:
    return Answer(status=status, body=text.encode(), content_type="text/plain")


def _empty(status: int) -> Answer:
    return Answer(status=status, content_type="")


_RESET = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"

PAGES = {
    "400_html": _html(400, "400 Bad Request"),
    "401_proxy": _html(401, "Authorization Required", WWW_Authenticate='Basic realm="proxy"'),
    "403_firewall": _html(403, "Attention Required! | Firewall", Server="firewall"),
    "403_json": as_json({"message": "Forbidden"}, 403),
    "403_empty": _empty(403),
    "404_html": _html(404, "404 Not Found"),
    "404_json": as_json({"message": "no Route matched with those values"}, 404),
    "407_proxy": _html(407, "Proxy Authentication Required", Proxy_Authenticate='Basic realm="proxy"'),
    "408_html": _html(408, "408 Request Time-out"),
    "409_text": _text(409, "conflict"),
    "413_html": _html(413, "413 Request Entity Too Large"),
    "418_html": _html(418, "The request was blocked"),
    "422_text": _text(422, "unprocessable"),
    "429_html": _html(429, "429 Too Many Requests"),
    "429_text": _text(429, "local_rate_limited"),
    "429_empty": _empty(429),
    "429_json": as_json({"message": "API rate limit exceeded"}, 429),
    "429_after": _html(429, "429 Too Many Requests", Retry_After="1"),
    "500_html": _html(500, "500 Internal Server Error"),
    "500_empty": _empty(500),
    "500_json": as_json({"message": "An unexpected error occurred"}, 500),
    "500_own": as_json({"type": "internal_server", "errors": []}, 500),
    "502_html": _html(502, "502 Bad Gateway"),
    "502_empty": _empty(502),
    "503_text": _text(503, _RESET),
    "503_html": _html(503, "503 Service Temporarily Unavailable"),
    "503_empty": _empty(503),
    "503_json": as_json({"message": "failure to get a peer from the ring-balancer"}, 503),
    "503_after": _html(503, "503 Service Temporarily Unavailable", Retry_After="1"),
    "504_html": _html(504, "504 Gateway Time-out"),
    "504_text": _text(504, "upstream request timeout"),
    "504_json": as_json({"message": "Endpoint request timed out"}, 504),
    "200_portal": _html(200, "Welcome to the guest network"),
    "200_empty": _empty(200),
    "200_json": as_json({"status": "ok"}),
    "200_list": as_json([]),
    "200_null": as_json({"applicant_id": None, "document_id": None, "file_id": None, "verification_id": None}),
    "200_surrogate": as_json({"verification_id": "\ud800"}),
    "202_text": _text(202, "accepted"),
    "204_empty": _empty(204),
    "302_portal": Answer(status=302, content_type=_HTML, headers={"Location": "http://127.0.0.2:9/portal"}),
    "307_portal": Answer(status=307, content_type=_HTML, headers={"Location": "http://127.0.0.2:9/portal"}),
    # A gateway's JSON that has words of KYCAID's in it.
    "403_error": as_json({"error": {"code": 403, "message": "Forbidden", "status": "PERMISSION_DENIED"}}, 403),
    "403_problem": as_json({"type": "about:blank", "title": "Forbidden", "status": 403}, 403),
    "429_error": as_json({"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}, 429),
    "429_errors": as_json({"success": False, "errors": [{"code": 1015, "message": "rate limited"}]}, 429),
    "503_error": as_json({"timestamp": 1700000000, "status": 503, "error": "Service Unavailable", "path": "/"}, 503),
    # KYCAID's own: it refuses, and did nothing.
    "429_own": as_json({"type": "limit_exceeded", "errors": []}, 429),
    "503_own": as_json({"type": "limit_exceeded", "errors": []}, 503),
}


def pages(*starts: str) -> list[str]:
    """Return the names of the pages that begin so, without KYCAID's own and without look-alikes."""
    others = ("_own", "_error", "_errors", "_problem")
    return [name for name in PAGES if name.startswith(starts) and not name.endswith(others)]
