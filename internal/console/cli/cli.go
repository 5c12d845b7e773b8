// Package cli writes calls of the APIs as commands of the AWS CLI, as a person would type them: of the input of an
// operation of the SDK it makes the command that sends the same request. Beside what the CLI asks for on
// its own it knows no operation by name, so that whatever a page of the console calls can be shown.
//
// Names follow the CLI: a member becomes an option in lower case, with hyphens between its words; lists of texts
// become several arguments, structures JSON, times ISO 8601, blobs base64, and what would stream a file.
//
// Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-types.html
package cli

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Command is one command as it is shown.
type Command struct {
	Text string
	// Writes says that it changes something, or may.
	Writes bool
}

// commands are what the CLI calls the services whose names in the SDK differ.
var commands = map[string]string{"S3": "s3api", "S3 Control": "s3control", "IAM": "iam", "STS": "sts", "Organizations": "organizations", "CloudTrail": "cloudtrail", "AccessAnalyzer": "accessanalyzer"}

// clientToken is a member that the SDK makes up for each call, as the CLI does.
const clientToken = "ClientToken"

// secret are the members whose values are not shown. Who copies the command puts the value in the place of the
// word that stands there.
var secret = map[string]string{
	"Password": "PASSWORD", "OldPassword": "OLD-PASSWORD", "NewPassword": "NEW-PASSWORD", "TokenCode": "CODE",
	"AuthenticationCode1": "CODE-1", "AuthenticationCode2": "CODE-2", "MFA": "SERIAL CODE", "SSECustomerKey": "KEY", "CopySourceSSECustomerKey": "KEY",
	"SecretAccessKey": "SECRET",
}

// asked are the arguments that the CLI wants of its own for an operation: where to write what it gets.
//
// Sources: https://docs.aws.amazon.com/cli/latest/reference/iam/create-virtual-mfa-device.html and
// https://docs.aws.amazon.com/cli/latest/reference/s3api/get-object.html
var asked = map[string]string{"CreateVirtualMFADevice": " --outfile QRCode.png --bootstrap-method QRCodePNG", "GetObject": " FILE"}

// Of returns the command for a call of an operation of a service, both named as the SDK does, with a pointer to its
// input.
func Of(service, operation string, input any) Command {
	name := commands[service]
	if name == "" {
		name = strings.ToLower(strings.ReplaceAll(service, " ", ""))
	}
	var b strings.Builder
	b.WriteString("aws " + name + " " + Name(operation))
	if v := reflect.Indirect(reflect.ValueOf(input)); v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != clientToken {
				writeOption(&b, f.Name, v.Field(i), lowers(service))
			}
		}
	}
	b.WriteString(asked[operation])
	return Command{Text: b.String(), Writes: Writes(operation)}
}

// lowers reports whether the members of a service begin in lower case in its model, which the SDK hides.
func lowers(service string) bool { return service == "AccessAnalyzer" }

// reads begin the names of operations that change nothing. What begins otherwise is taken for a change.
var reads = regexp.MustCompile(`^(Get|List|Head|Describe|Lookup|Explain|Preview|Validate|Check|Simulate|Decode)`)

// Writes reports whether an operation changes something, or may.
func Writes(operation string) bool { return !reads.MatchString(operation) }

// writeOption writes a member that is set as an option.
func writeOption(b *strings.Builder, name string, v reflect.Value, lower bool) {
	if v.IsZero() {
		return
	}
	option := " --" + Name(name)
	if placeholder, ok := secret[name]; ok {
		b.WriteString(option + " " + quote(placeholder))
		return
	}
	if v.Kind() == reflect.Pointer && v.Elem().Kind() != reflect.Struct {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Bool:
		if !v.Bool() {
			option = " --no-" + Name(name)
		}
		b.WriteString(option)
	case v.Type() == reflect.TypeFor[[]byte]() || v.Kind() == reflect.String || isNumber(v.Kind()):
		b.WriteString(option + " " + quote(scalar(v)))
	case v.Type().Implements(reflect.TypeFor[io.Reader]()):
		b.WriteString(option + " FILE")
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		b.WriteString(option)
		for i := range v.Len() {
			b.WriteString(" " + quote(v.Index(i).String()))
		}
	default:
		if moment, ok := reflect.Indirect(v).Interface().(time.Time); ok {
			b.WriteString(option + " " + moment.UTC().Format(time.RFC3339))
			return
		}
		b.WriteString(option + " " + quote(text(plain(v, lower))))
	}
}

func isNumber(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Float64 }

func scalar(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	default:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	}
}

// text is a value as JSON, in which '<' and '&' stay what they are.
func text(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "JSON"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// members are those of a structure that are set, in the order of the SDK.
type members []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members as an object.
func (m members) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, each := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(text(each.name) + ":" + text(each.value))
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// plain returns a value of the SDK as what JSON has.
func plain(v reflect.Value, lower bool) any {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		if v.Kind() == reflect.Interface {
			return union(v.Elem(), lower)
		}
		v = v.Elem()
	}
	if moment, ok := v.Interface().(time.Time); ok {
		return moment.UTC().Format(time.RFC3339)
	}
	switch v.Kind() {
	case reflect.Struct:
		out := members{}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() {
				out = append(out, member{memberName(f.Name, lower), plain(v.Field(i), lower)})
			}
		}
		return out
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return base64.StdEncoding.EncodeToString(v.Bytes())
		}
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plain(v.Index(i), lower)
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for _, key := range v.MapKeys() {
			out[key.String()] = plain(v.MapIndex(key), lower)
		}
		return out
	default:
		return v.Interface()
	}
}

// union returns the member that is set of a union, which the SDK has as a type named for it.
func union(v reflect.Value, lower bool) any {
	v = reflect.Indirect(v)
	_, name, found := strings.Cut(v.Type().Name(), "Member")
	if !found || v.Kind() != reflect.Struct {
		return plain(v, lower)
	}
	return members{{memberName(name, lower), plain(v.FieldByName("Value"), lower)}}
}

func memberName(name string, lower bool) string {
	if !lower || name == "" {
		return name
	}
	r := []rune(name)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

var (
	plurals  = regexp.MustCompile(`[A-Z]{2,}s$`)
	firstCap = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	endCap   = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// Name returns the name of an operation or member as the CLI has it, such as list-objects-v2 for ListObjectsV2.
func Name(name string) string {
	if plural := plurals.FindString(name); plural != "" {
		name = strings.TrimSuffix(name, plural) + "-" + strings.ToLower(plural)
	}
	name = firstCap.ReplaceAllString(name, "$1-$2")
	return strings.ToLower(endCap.ReplaceAllString(name, "$1-$2"))
}

// safe are the arguments that a shell takes as they are.
var safe = regexp.MustCompile(`^[A-Za-z0-9_./:=,@+-]+$`)

// quote writes an argument for a POSIX shell. The CLI takes an argument that begins with file:// or fileb:// for the
// name of a file; no command here has one.
func quote(s string) string {
	if safe.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Join makes a command of words, quoting those that need it.
func Join(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return strings.Join(quoted, " ")
}
