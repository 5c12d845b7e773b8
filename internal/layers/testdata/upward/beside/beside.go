package beside

import _ "example/middle"
