package s3controlapi

import (
	"crypto/md5"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/checksum"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
)

// maxBody is the largest body of a request, in bytes.
const maxBody = 64 << 10

// known are the x-amz-* headers that a request may have; any other may ask for something that is not built.
var known = []string{
	accountHeader, "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length", "x-amz-security-token",
	"x-amz-te", "x-amz-user-agent", "x-amz-sdk-invocation-id", "x-amz-sdk-request", "x-amz-api-version", "x-amz-region-set",
	"x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-checksum-crc32c",
	"x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256",
}

// checkHeaders refuses a request with an x-amz-* header that is not known.
func checkHeaders(r *http.Request) error {
	var names []string
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return apierr.New(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented").
		With("Header", slices.Min(names))
}

// checkQuery refuses parameters that are none of the signature's, nor among those that the operation has.
func checkQuery(r *http.Request, own ...string) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return apierr.New(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.").Because(err)
	}
	for name := range query {
		if slices.Contains(own, name) {
			continue
		}
		switch strings.ToLower(name) {
		case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature", "x-amz-security-token":
		default:
			return apierr.NotImplemented(name)
		}
	}
	return nil
}

// decodeAccount reads the account that a request is about.
func decodeAccount(r *http.Request) (ids.AccountID, error) {
	id, err := ids.ParseAccountID(strings.Join(r.Header.Values(accountHeader), ","))
	if err != nil {
		return "", invalidRequest("Invalid account id provided")
	}
	return id, nil
}

// readBody reads the body and compares it with the digests that came with it.
func readBody(c *httpapi.Call) ([]byte, error) {
	body, err := c.ReadDocument(maxBody, apierr.New(http.StatusBadRequest, "MaxMessageLengthExceeded", "Your request was too big."))
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(body)
	if sent := c.HTTP.Header.Get("Content-MD5"); sent != "" && sent != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, badDigest("Content-MD5")
	}
	for _, a := range checksum.Algorithms() {
		sent := c.HTTP.Header.Get(a.Header())
		if sent == "" {
			continue
		}
		h := a.New()
		h.Write(body)
		if sent != checksum.Encode(h.Sum(nil)) {
			return nil, badDigest(string(a))
		}
	}
	return body, nil
}

func badDigest(name string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "BadDigest", "The %s you specified did not match what we received.", name)
}

func invalidRequest(message string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidRequest", "%s", message)
}
