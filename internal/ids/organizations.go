package ids

import "io"

// OrganizationID is the ID of an organization: "o-" and 10 to 32 lower-case letters and digits.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
type OrganizationID string

// lowerAlphabet is what the random parts of the IDs of Organizations are written in.
const lowerAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// NewOrganizationID draws the ID of an organization.
func NewOrganizationID(rand io.Reader) (OrganizationID, error) {
	id, err := drawLower(rand, "o-", 10)
	return OrganizationID(id), err
}

// NewOrganizationRoot draws the ID of the root of an organization, such as "r-a1b2".
func NewOrganizationRoot(rand io.Reader) (string, error) { return drawLower(rand, "r-", 4) }

// NewOrganizationalUnit draws the ID of an OU below root, such as "ou-a1b2-c3d4e5f6".
func NewOrganizationalUnit(rand io.Reader, root string) (string, error) {
	return drawLower(rand, "ou-"+root[len("r-"):]+"-", 8)
}

// NewOrganizationPolicy draws the ID of a policy of an organization.
func NewOrganizationPolicy(rand io.Reader) (string, error) { return drawLower(rand, "p-", 10) }

// NewOrganizationResourcePolicy draws the ID of the resource policy of an organization.
func NewOrganizationResourcePolicy(rand io.Reader) (string, error) { return drawLower(rand, "rp-", 8) }

// NewHandshake draws the ID of a handshake.
func NewHandshake(rand io.Reader) (string, error) { return drawLower(rand, "h-", 32) }

// NewCreateAccountRequest draws the ID of a request to make an account.
func NewCreateAccountRequest(rand io.Reader) (string, error) { return drawLower(rand, "car-", 32) }

func drawLower(rand io.Reader, prefix string, n int) (string, error) {
	s, err := draw(rand, lowerAlphabet, n)
	return prefix + s, err
}
