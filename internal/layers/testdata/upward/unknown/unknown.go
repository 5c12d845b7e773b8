package unknown

import _ "example/low"
