package why

import "crossgrant/internal/picture"

// room leads from a room of the picture to its page.
func (l links) room(*picture.Room) {}
