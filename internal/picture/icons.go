package picture

// icon is a small drawing of lines, 18 by 18 pixels.
type icon struct{ id, path string }

var icons = map[Kind]icon{
	Account:   {"i-account", "M3 15V8L9 3L15 8V15ZM7 15V11H11V15"},
	Root:      {"i-root", "M2.5 14V6L6 9L9 4L12 9L15.5 6V14Z"},
	User:      {"i-user", "M9 2.5A3 3 0 1 0 9 8.5A3 3 0 1 0 9 2.5ZM3.5 15.5C3.5 9.5 14.5 9.5 14.5 15.5Z"},
	Group:     {"i-group", "M6 4A2.5 2.5 0 1 0 6 9A2.5 2.5 0 1 0 6 4ZM12 4.5A2.2 2.2 0 1 1 12 8.9M1.5 15C1.5 10 10 10 10.5 15ZM12 11C15 10.8 16.5 12.5 16.5 15H13"},
	Role:      {"i-role", "M9 2L15 4.5V9C15 12.5 12 15 9 16C6 15 3 12.5 3 9V4.5ZM6.5 9L8.5 11L12 7"},
	Session:   {"i-session", "M9 3L13.5 5V8.5C13.5 11 11.5 13 9 14C6.5 13 4.5 11 4.5 8.5V5ZM9 6.5V9H11"},
	Federated: {"i-federated", "M7.5 10.5L10.5 7.5M8 6L10 4A3 3 0 0 1 14 8L12 10M10 12L8 14A3 3 0 0 1 4 10L6 8"},
	Service:   {"i-service", "M3 4H15V8H3ZM3 10H15V14H3ZM5.5 6H6M5.5 12H6"},
	Everyone:  {"i-everyone", "M9 2A7 7 0 1 0 9 16A7 7 0 1 0 9 2ZM2 9H16M9 2C5 6 5 12 9 16C13 12 13 6 9 2"},
	Bucket:    {"i-bucket", "M3 5L4.5 15H13.5L15 5M3 5C3 2.7 15 2.7 15 5C15 7.3 3 7.3 3 5"},
}
