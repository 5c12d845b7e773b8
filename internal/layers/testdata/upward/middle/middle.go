package middle

import _ "example/low"
