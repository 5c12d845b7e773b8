package high

import (
	_ "example/beside"
	_ "example/middle"
)
