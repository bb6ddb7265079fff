"""Makes a code, draws it and reads it back, with what openapi-python-client generated.

Arguments: the server's address, an API key, the text, and the file to draw into. Run by scripts/clients.
"""

import sys
from pathlib import Path

from qr_observatory import AuthenticatedClient
from qr_observatory.api.codes import create_static_code, delete_code, get_code, get_code_image, list_codes
from qr_observatory.api.symbols import generate_symbol
from qr_observatory.models import ImageFormat, NewStatic, StyledOptions, StyledSymbol

url, key, text, file = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)

made = create_static_code.sync(client=client, body=NewStatic(content=text, title="python"))
image = get_code_image.sync_detailed(made.id, client=client, image_format=ImageFormat.PNG, size=12)
assert image.headers["content-type"] == "image/png", image.headers
Path(file).write_bytes(image.content)

found = get_code.sync(made.id, client=client)
assert (found.id, found.content, found.title) == (made.id, text, "python"), found
assert made.id in [code.id for code in list_codes.sync(client=client, limit=100).items]

drawn = generate_symbol.sync(client=client, body=StyledSymbol(data=text, options=StyledOptions(data_pattern="dots")))
assert drawn.svg.startswith("<svg") and drawn.scannability.scannable, drawn

assert delete_code.sync_detailed(made.id, client=client).status_code == 204
