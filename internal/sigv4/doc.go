// Package sigv4 verifies AWS Signature Version 4 on the server's side, and the bodies that it covers.
//
// It is a pure core: it reads no clock, network, file or environment. The caller translates its HTTP
// request into a Request, and passes the time and the secret. It does not know accounts, sessions or
// permissions: an access key ID is a string that the caller looks up.
//
// A request is judged in three steps, so that a caller can report an unknown key or an expired
// session at the place where AWS reports it:
//
//	signed, err := endpoint.Parse(r)                          // syntax; nil means anonymous
//	err = endpoint.Check(signed, r, now)                      // time, scope, which headers are signed
//	secret := look up signed.AccessKeyID, signed.SecurityToken
//	verified, err := endpoint.Verify(signed, r, secret, now)  // all of Check, and the signature
//	body, err := sigv4.NewBody(r, verified, raw)              // S3: decodes and verifies while it is read
//
// The forms that are accepted:
//
//	Authorization: AWS4-HMAC-SHA256 Credential=<key>/<yyyymmdd>/<region>/<service>/aws4_request,
//	               SignedHeaders=<name>;<name>, Signature=<64 hexadecimal digits>
//	?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Expires=…
//	               &X-Amz-SignedHeaders=…&X-Amz-Signature=…[&X-Amz-Security-Token=…]
//	a browser form with the fields policy, x-amz-algorithm, x-amz-credential, x-amz-date, x-amz-signature
//	               and, of a session, x-amz-security-token
//
// Signature Version 2 and Signature Version 4A are recognised and refused.
//
// Every failure is an *apierr.Error with the code, status and text of the family of services that
// the endpoint belongs to (Dialect); a body may also fail with the error of the reader below it.
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
package sigv4
