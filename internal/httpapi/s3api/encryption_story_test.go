package s3api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/kms"
	"crossgrant/internal/seal"
)

// secrets is what a world has for encryption.
type secrets struct {
	box  *seal.Box
	kms  *kms.Service
	keys map[string]bool // IDs that the story chose
	tags []string        // ETags that were drawn at random
}

// runKey does the commands about keys; done is false for others.
func (w *world) runKey(t *testing.T, d *datadriven.TestData, account string) (done bool, err error) {
	t.Helper()
	n := kms.NewKey{Account: w.ids[account], Policy: d.Input}
	d.MaybeScanArgs(t, "id", &n.ID)
	d.MaybeScanArgs(t, "alias", &n.Alias)
	switch d.Cmd {
	case "key":
		w.secrets.keys[n.ID] = true
		_, err = w.kms.Create(t.Context(), n)
	case "disable", "enable":
		_, err = w.kms.SetEnabled(t.Context(), n.ID, d.Cmd == "enable")
	case "rotate":
		_, err = w.kms.Rotate(t.Context(), n.ID)
	case "rotatemaster":
		err = w.box.Rotate()
	default:
		return false, nil
	}
	return true, err
}

var shownTag = regexp.MustCompile(`<ETag>&#?[a-z0-9]+;([0-9a-f]{32})&`)

// remember notes the ETag of an answer, if it is one that is drawn. The names of h are as S3 writes them.
func (w *world) remember(h map[string][]string, body string) {
	if h["x-amz-server-side-encryption-customer-algorithm"] == nil && h["x-amz-server-side-encryption-aws-kms-key-id"] == nil {
		return
	}
	tags := []string{strings.Trim(strings.Join(h["ETag"], ""), `"`)}
	for _, m := range shownTag.FindAllStringSubmatch(body, -1) {
		tags = append(tags, m[1])
	}
	for _, tag := range tags {
		if len(tag) == 32 && !slices.Contains(w.tags, tag) {
			w.tags = append(w.tags, tag)
		}
	}
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// partedTag is the ETag of an object of parts.
var partedTag = regexp.MustCompile(`[0-9a-f]{32}(-[0-9]+)`)

// hide replaces what differs from run to run in an answer.
func (w *world) hide(text string) string {
	for i, tag := range w.tags {
		text = strings.ReplaceAll(text, tag, fmt.Sprintf("[etag%d]", i+1))
	}
	if len(w.tags) > 0 {
		text = partedTag.ReplaceAllString(text, "[etag]$1")
	}
	return uuid.ReplaceAllStringFunc(text, func(id string) string {
		if w.secrets.keys[id] {
			return id
		}
		return "[key]"
	})
}

// reveal is the inverse of hide for ETags.
func (w *world) reveal(text string) string {
	for i, tag := range w.tags {
		text = strings.ReplaceAll(text, fmt.Sprintf("[etag%d]", i+1), tag)
	}
	return text
}
