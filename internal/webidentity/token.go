package webidentity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// algorithms are those that tokens may be signed with.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// Token is a token of which nothing has been verified. Issuer is who it says to be from: it tells which
// provider to verify it with, and nothing else.
type Token struct {
	Issuer string

	signed    *jose.JSONWebSignature
	keyID     string // empty if it names none
	algorithm string
}

// errNoToken refuses what is not a signed token, in AWS's words.
var errNoToken = invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")

// Parse reads a token in compact form. The error is InvalidIdentityToken.
func Parse(text string) (*Token, error) {
	signed, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return nil, errNoToken.Because(err)
	}
	claims, err := decode(signed.UnsafePayloadWithoutVerification())
	if err != nil {
		return nil, errNoToken.Because(err)
	}
	t := &Token{signed: signed, keyID: signed.Signatures[0].Header.KeyID, algorithm: signed.Signatures[0].Header.Algorithm}
	if t.Issuer, err = claims.text("iss"); err != nil {
		return nil, err
	}
	return t, nil
}

// claims are the members of a token's payload.
type claims map[string]any

// decode reads one JSON object. Names count as they are written.
func decode(payload []byte) (claims, error) {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var c claims
	if err := d.Decode(&c); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one JSON value")
	}
	if c == nil {
		return nil, errors.New("the payload is no object")
	}
	return c, nil
}

// text returns a claim that has to be there and be text that is not empty.
func (c claims) text(name string) (string, error) {
	value, ok := c[name]
	if !ok {
		return "", invalid("Missing a required claim: %s", name)
	}
	text, ok := value.(string)
	if !ok || text == "" {
		return "", invalid("The claim %s is not valid.", name)
	}
	return text, nil
}

// seconds returns a claim that is a time in seconds; ok is false if it is not there.
func (c claims) seconds(name string) (at time.Time, ok bool, err error) {
	value, ok := c[name]
	if !ok {
		return time.Time{}, false, nil
	}
	number, isNumber := value.(json.Number)
	if !isNumber {
		return time.Time{}, false, invalid("The claim %s is not valid.", name)
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > math.MaxInt32*1000 {
		return time.Time{}, false, invalid("The claim %s is not valid.", name)
	}
	return time.Unix(int64(seconds), 0), true, nil
}

// list returns a claim that is a text or a list of texts; nil if it is not there or empty.
func list(value any) ([]string, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{value}, nil
	case []any:
		var out []string
		for _, v := range value {
			text, ok := v.(string)
			if !ok {
				return nil, errors.New("a member is no text")
			}
			out = append(out, text)
		}
		return out, nil
	default:
		return nil, errors.New("neither a text nor a list")
	}
}

// Claims is what a token says.
type Claims struct {
	// Subject is who the user is for the issuer.
	Subject string
	// Audience is whom the token was issued to: azp if there is one, and aud otherwise. OriginalAudience is
	// aud itself.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
	Audience         string
	OriginalAudience []string
	// Tags are session tags, by key, and TransitiveTagKeys the keys of those that are passed on.
	Tags              []Tag
	TransitiveTagKeys []string
	// SourceIdentity is empty if none is claimed.
	SourceIdentity string

	all claims
}

// Tag is a session tag.
type Tag struct{ Key, Value string }

// Values returns a claim that is a text, a number, a truth value, or a list of texts; nil if it is not there
// or anything else.
func (c *Claims) Values(name string) []string {
	switch value := c.all[name].(type) {
	case json.Number, bool:
		return []string{fmt.Sprint(value)}
	default:
		values, _ := list(value) // what is anything else tells nothing
		return values
	}
}

// skew is how far the clock of an issuer may be ahead.
const skew = time.Minute

// maxSubject is the greatest length of a subject, in characters.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
const maxSubject = 255

// read judges the claims of a token whose signature holds.
func read(payload []byte, p *Provider, now time.Time) (*Claims, error) {
	all, err := decode(payload)
	if err != nil {
		return nil, errNoToken.Because(err)
	}
	if issuer, err := all.text("iss"); err != nil || issuer != p.URL {
		return nil, invalid("The issuer of the token is not the provider.")
	}
	c := &Claims{all: all}
	if c.Subject, err = all.text("sub"); err != nil {
		return nil, err
	}
	if len([]rune(c.Subject)) > maxSubject {
		return nil, invalid("The claim sub is not valid.")
	}
	if err := checkTimes(all, now); err != nil {
		return nil, err
	}
	if err := c.readAudience(p); err != nil {
		return nil, err
	}
	return c, c.readSession()
}

// checkTimes refuses a token that does not hold now. One that says neither when it was issued nor when it ends
// holds never.
func checkTimes(all claims, now time.Time) error {
	expires, ok, err := all.seconds("exp")
	switch {
	case err != nil:
		return err
	case !ok:
		return invalid("Missing a required claim: exp")
	case !now.Before(expires):
		return expired(now, expires)
	}
	issued, ok, err := all.seconds("iat")
	switch {
	case err != nil:
		return err
	case !ok:
		return invalid("Missing a required claim: iat")
	case issued.After(now.Add(skew)):
		return invalid("The token was issued in the future.")
	}
	from, ok, err := all.seconds("nbf")
	if err == nil && ok && from.After(now.Add(skew)) {
		return invalid("The token is not valid yet.")
	}
	return err
}

// errAudience is AWS's refusal of a token that is for somebody else.
var errAudience = invalid("Incorrect token audience")

// readAudience reads whom the token was issued to and refuses it if that is none of the provider's clients. If
// azp is there, it is that; otherwise it is aud, of which one that is a client counts.
func (c *Claims) readAudience(p *Provider) error {
	audiences, err := list(c.all["aud"])
	if err != nil || len(audiences) == 0 || slices.Contains(audiences, "") {
		return invalid("Missing a required claim: aud")
	}
	c.OriginalAudience = audiences
	candidates := audiences
	if _, ok := c.all["azp"]; ok {
		party, err := c.all.text("azp")
		if err != nil {
			return err
		}
		candidates = []string{party}
	}
	for _, candidate := range candidates {
		if slices.Contains(p.ClientIDs, candidate) {
			c.Audience = candidate
			return nil
		}
	}
	return errAudience
}

// The claims that are meant for AWS.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
const (
	tagsClaim           = "https://aws.amazon.com/tags"
	flatTagClaim        = tagsClaim + "/principal_tags/"
	flatTransitiveClaim = tagsClaim + "/transitive_tag_keys"
	sourceClaim         = "https://aws.amazon.com/source_identity"
)

// readSession reads session tags, nested and flat, and the source identity.
func (c *Claims) readSession() error {
	if nested, ok := c.all[tagsClaim]; ok {
		if err := c.readNested(nested); err != nil {
			return invalid("The claim %s is not valid.", tagsClaim).Because(err)
		}
	}
	for name, value := range c.all {
		if key, ok := strings.CutPrefix(name, flatTagClaim); ok {
			if err := c.addTag(key, value); err != nil {
				return invalid("The claim %s is not valid.", name).Because(err)
			}
		}
	}
	keys, err := list(c.all[flatTransitiveClaim])
	if err != nil {
		return invalid("The claim %s is not valid.", flatTransitiveClaim).Because(err)
	}
	c.TransitiveTagKeys = append(c.TransitiveTagKeys, keys...)
	slices.SortFunc(c.Tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	if _, ok := c.all[sourceClaim]; ok {
		c.SourceIdentity, err = c.all.text(sourceClaim)
	}
	return err
}

// readNested reads the claim that holds all session tags. A member that is not known is refused: it may limit
// something.
func (c *Claims) readNested(value any) error {
	members, ok := value.(map[string]any)
	if !ok {
		return errors.New("no object")
	}
	for name, value := range members {
		switch name {
		case "principal_tags":
			tags, ok := value.(map[string]any)
			if !ok {
				return errors.New("the tags are no object")
			}
			for key, value := range tags {
				if err := c.addTag(key, value); err != nil {
					return err
				}
			}
		case "transitive_tag_keys":
			keys, err := list(value)
			if err != nil {
				return err
			}
			c.TransitiveTagKeys = append(c.TransitiveTagKeys, keys...)
		default:
			return fmt.Errorf("the member %q is not known", name)
		}
	}
	return nil
}

// addTag adds a session tag, which has one value.
func (c *Claims) addTag(key string, value any) error {
	values, err := list(value)
	if err != nil || len(values) != 1 {
		return fmt.Errorf("tag %q has not one value", key)
	}
	c.Tags = append(c.Tags, Tag{key, values[0]})
	return nil
}
