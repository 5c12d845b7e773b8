package low

import (
	_ "example/high"
	_ "os"
	"time"
)

var now = time.Now
