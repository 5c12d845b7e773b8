package s3api_test

import (
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/sigv4"
)

// ofKey is what an answer tells of a signature, which differs from run to run.
var ofKey = regexp.MustCompile("(?s)<AWSAccessKeyId>.*</StringToSignBytes>")

// post sends a browser form and shows the answer:
//
//	post to=/bucket [as=caller] [filename=…] [header=Name:value] [cut=N] [forged] [without=…]
//	name=value             fields, in order; that of the policy is written as JSON, in which [signature] stands
//	                       for the conditions that allow the fields of the signature, which are added before it
//	file=content           "size N" is N bytes; what follows comes after it
//
// Without as the form is not signed. cut leaves out the last N bytes of the form, without one field of the
// signature; forged signs with another secret.
func (w *world) post(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	var to, as, filename, header, without string
	var cut int
	d.ScanArgs(t, "to", &to)
	d.MaybeScanArgs(t, "as", &as)
	d.MaybeScanArgs(t, "filename", &filename)
	d.MaybeScanArgs(t, "header", &header)
	d.MaybeScanArgs(t, "cut", &cut)
	d.MaybeScanArgs(t, "without", &without)
	var b strings.Builder
	part := func(parameters, value string) {
		fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n", parameters, value)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(d.Input, "\n"), "\n") {
		name, value, _ := strings.Cut(line, "=")
		var size int
		switch {
		case name == "policy":
			for _, f := range w.signPolicy(d, as, value) {
				if !strings.EqualFold(f[0], without) {
					part(`name="`+f[0]+`"`, f[1])
				}
			}
		case name == "file" && d.HasArg("filename"):
			part(`name="file"; filename="`+filename+`"`, value)
		default:
			if _, err := fmt.Sscanf(value, "size %d", &size); err == nil && name == "file" {
				value = strings.Repeat("0123456789abcdef", size/16+1)[:size]
			}
			part(`name="`+name+`"`, strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\0`, "\x00").Replace(value))
		}
	}
	form := b.String() + "--x--\r\n"
	r := httptest.NewRequest("POST", to, strings.NewReader(form[:len(form)-cut]))
	r.TLS = w.tls
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if name, value, ok := strings.Cut(header, ":"); ok {
		r.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return ofKey.ReplaceAllString(w.show(answer), "…")
}

// signPolicy returns the fields of the policy and, if there is a caller, of its signature.
func (w *world) signPolicy(d *datadriven.TestData, as, policy string) [][2]string {
	if as == "" {
		return [][2]string{{"policy", base64.StdEncoding.EncodeToString([]byte(policy))}}
	}
	signer := w.signers[as]
	now := w.now()
	if d.HasArg("forged") {
		signer = &sigv4.Signer{AccessKeyID: signer.AccessKeyID, Secret: sigv4.NewSecret("another"), Region: signer.Region, Service: "s3"}
	}
	fields := map[string]string{}
	signer.SignForm(fields, now)
	names := []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date"}
	var conditions []string
	for _, name := range names {
		conditions = append(conditions, fmt.Sprintf(`{%q: %q}`, strings.ToLower(name), fields[strings.ToLower(name)]))
	}
	policy = strings.ReplaceAll(policy, "[signature]", strings.Join(conditions, ", "))
	fields["policy"] = base64.StdEncoding.EncodeToString([]byte(policy))
	signer.SignForm(fields, now)
	var out [][2]string
	for _, name := range append(names, "policy", "X-Amz-Signature") {
		out = append(out, [2]string{name, fields[strings.ToLower(name)]})
	}
	return out
}
