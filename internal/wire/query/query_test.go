package query

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"crossgrant/internal/apierr"
)

// readUser reads a request as an operation would.
func readUser(q *Reader) (name, path string, most int, flag bool, tags []string) {
	name = q.Required("UserName", Length(1, 8), Pattern(`[\w+=,.@-]+`))
	path = q.StringOr("Path", "/", Pattern(`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`))
	most = q.Int("MaxItems", 100, 1, 1000)
	flag = q.Bool("OnlyAttached")
	q.String("Status", Enum("Active", "Inactive"))
	for _, item := range q.List("Tags", 2) {
		tags = append(tags, item.Required("Key", Length(1, 4))+"="+item.Required("Value"))
	}
	q.Strings("Names", 2, Length(1, 3))
	return
}

func form(t *testing.T, text string) url.Values {
	t.Helper()
	f, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRead(t *testing.T) {
	t.Parallel()
	const one = "1 validation error detected: "
	for _, c := range []struct {
		name, form string
		show       bool
		err        string // code: message; empty: none
	}{
		{name: "least", form: "Action=X&Version=1&UserName=ann"},
		{name: "presigned", form: "UserName=ann&X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Date=c&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=d&X-Amz-Security-Token=e"},
		{name: "empty list", form: "UserName=ann&Tags="},
		{name: "missing", form: "", err: "ValidationError: " + one + "Value at 'userName' failed to satisfy constraint: Member must not be null"},
		{name: "missing, shown", form: "", show: true, err: "ValidationError: " + one + "Value null at 'userName' failed to satisfy constraint: Member must not be null"},
		{name: "pattern", form: "UserName=a/b", err: "ValidationError: " + one + `Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{name: "pattern, shown", form: "UserName=a/b", show: true, err: "ValidationError: " + one + `Value 'a/b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{name: "the whole value must match", form: "UserName=a%0A", err: "ValidationError: " + one + `Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{name: "alternatives are anchored", form: "UserName=a&Path=/x", err: "ValidationError: " + one + `Value at 'path' failed to satisfy constraint: Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)`},
		{name: "enum", form: "UserName=a&Status=x", err: "ValidationError: " + one + "Value at 'status' failed to satisfy constraint: Member must satisfy enum value set"},
		{name: "enum, shown", form: "UserName=a&Status=x", show: true, err: "ValidationError: " + one + "Value 'x' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"},
		{name: "two at once", form: "UserName=&MaxItems=0", err: `ValidationError: 3 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+; Value at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1`},
		{name: "too long", form: "UserName=aaaaaaaaa", err: "ValidationError: " + one + "Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 8"},
		{name: "too many", form: "UserName=a&MaxItems=1001", err: "ValidationError: " + one + "Value at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		{name: "not a number", form: "UserName=a&MaxItems=ten", err: "ValidationError: " + one + "Value at 'maxItems' failed to satisfy constraint: Member must be an integer"},
		{name: "not a boolean", form: "UserName=a&OnlyAttached=yes", err: "ValidationError: " + one + "Value at 'onlyAttached' failed to satisfy constraint: Member must be true or false"},
		{name: "in a list", form: "UserName=a&Tags.member.1.Key=kkkkk&Tags.member.1.Value=", err: "ValidationError: " + one + "Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 4"},
		{name: "missing in a list", form: "UserName=a&Tags.member.1.Key=k", err: "ValidationError: " + one + "Value at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"},
		{name: "long list", form: "UserName=a&Tags.member.1.Key=k&Tags.member.1.Value=&Tags.member.2.Key=k&Tags.member.2.Value=&Tags.member.3.Key=k&Tags.member.3.Value=", err: "ValidationError: " + one + "Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{name: "list of strings", form: "UserName=a&Names.member.1=abc&Names.member.2=b"},
		{name: "empty list of strings", form: "UserName=a&Names="},
		{name: "long list of strings", form: "UserName=a&Names.member.1=a&Names.member.2=b&Names.member.3=c", err: "ValidationError: " + one + "Value at 'names' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{name: "in a list of strings", form: "UserName=a&Names.member.7=abcd", err: "ValidationError: " + one + "Value at 'names.7' failed to satisfy constraint: Member must have length less than or equal to 3"},
		{name: "structure for a string", form: "UserName=a&Names.member.1.Name=x", err: "ValidationError: Unknown parameter: Names.member.1.Name"},
		{name: "unknown", form: "UserName=a&Usernme=b", err: "ValidationError: Unknown parameter: Usernme"},
		{name: "unknown in a list", form: "UserName=a&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.1.Colour=c", err: "ValidationError: Unknown parameter: Tags.member.1.Colour"},
		{name: "odd number", form: "UserName=a&Tags.member.01.Key=k&Tags.member.01.Value=v", err: "ValidationError: Unknown parameter: Tags.member.01.Key"},
		{name: "twice", form: "UserName=a&UserName=b", err: "ValidationError: The parameter UserName is given more than once."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var opts []Option
			if c.show {
				opts = append(opts, ShowValues())
			}
			q := NewReader(form(t, c.form), opts...)
			readUser(q)
			got := ""
			if err := q.Err(); err != nil {
				var e *apierr.Error
				if !errors.As(err, &e) {
					t.Fatalf("error %v is no API error", err)
				}
				got = e.Code + ": " + e.Message
			}
			if got != c.err {
				t.Errorf("got  %s\nwant %s", got, c.err)
			}
		})
	}
}

func TestReadValues(t *testing.T) {
	t.Parallel()
	q := NewReader(form(t, "UserName=ann&MaxItems=7&OnlyAttached=true&Tags.member.10.Key=b&Tags.member.10.Value=2&Tags.member.2.Key=a&Tags.member.2.Value=1"))
	name, path, most, flag, tags := readUser(q)
	if err := q.Err(); err != nil {
		t.Fatal(err)
	}
	if name != "ann" || path != "/" || most != 7 || !flag || strings.Join(tags, " ") != "a=1 b=2" {
		t.Errorf("read %q %q %d %t %q", name, path, most, flag, tags)
	}
}

func TestReadStrings(t *testing.T) {
	t.Parallel()
	q := NewReader(form(t, "Names.member.10=b&Names.member.2=a&None="))
	got := q.RequiredStrings("Names", 9)
	if none := q.Strings("None", 9); none != nil {
		t.Errorf("an empty list is %q", none)
	}
	if err := q.Err(); err != nil || strings.Join(got, " ") != "a b" {
		t.Errorf("read %q, %v", got, err)
	}
	q.RequiredStrings("Others", 9)
	if err := q.Err(); !strings.HasSuffix(err.Error(), "Value at 'others' failed to satisfy constraint: Member must not be null") {
		t.Errorf("got %v", err)
	}
}

// FuzzRead holds that reading never panics and that a form with an unknown parameter is never taken.
func FuzzRead(f *testing.F) {
	f.Add("UserName=ann&Tags.member.1.Key=a&Tags.member.1.Value=b")
	f.Add("Tags=&Tags.member.=&Tags.member.1=x&UserName=%FF")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		q := NewReader(values)
		readUser(q)
		values["Unknown!"] = []string{""}
		if q.Err() == nil {
			t.Error("an unknown parameter was taken")
		}
	})
}

func TestResponse(t *testing.T) {
	t.Parallel()
	type user struct {
		UserName string
		Path     string `xml:",omitempty"`
	}
	for _, c := range []struct {
		name   string
		result any
		want   string
	}{
		{"void", nil, `<CreateUserResponse xmlns="urn:x"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></CreateUserResponse>`},
		{"empty", Empty{}, `<CreateUserResponse xmlns="urn:x"><CreateUserResult></CreateUserResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></CreateUserResponse>`},
		{
			"escaped",
			struct{ User user }{user{UserName: "<&\"'\x01\r\n\u2028"}},
			`<CreateUserResponse xmlns="urn:x"><CreateUserResult><User><UserName>&lt;&amp;&#34;&#39;` + "\uFFFD" + `&#xD;&#xA;` + "\u2028" + `</UserName></User></CreateUserResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></CreateUserResponse>`,
		},
		{
			"lists",
			struct {
				Users List[user]
				Names List[string]
			}{Names: List[string]{Members: []string{"a", "b"}}},
			`<CreateUserResponse xmlns="urn:x"><CreateUserResult><Users></Users><Names><member>a</member><member>b</member></Names></CreateUserResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></CreateUserResponse>`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Response("urn:x", "CreateUser", c.result, "id")
			if err != nil || string(got) != c.want+"\n" {
				t.Errorf("%v\ngot  %s\nwant %s", err, got, c.want)
			}
		})
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{
			"sender", apierr.New(404, "NoSuchEntity", "The user with name <x> cannot be found."), 404,
			`<ErrorResponse xmlns="urn:x"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>The user with name &lt;x&gt; cannot be found.</Message></Error><RequestId>id</RequestId></ErrorResponse>`,
		},
		{
			"a fault that passes", apierr.SlowDown("Please try again."), 503,
			`<ErrorResponse xmlns="urn:x"><Error><Type>Receiver</Type><Code>ServiceUnavailable</Code><Message>Please try again.</Message></Error><RequestId>id</RequestId></ErrorResponse>`,
		},
		{
			"internal errors tell nothing", errors.New("disk /dev/sda1 is full"), 500,
			`<ErrorResponse xmlns="urn:x"><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>The request processing has failed because of an unknown error, exception or failure.</Message></Error><RequestId>id</RequestId></ErrorResponse>`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, body := Error("urn:x", c.err, "id")
			if status != c.status || string(body) != c.want+"\n" {
				t.Errorf("got %d %s\nwant %s", status, body, c.want)
			}
		})
	}
}

// TestEscapeDocument: everything but RFC 3986's unreserved characters is escaped.
func TestEscapeDocument(t *testing.T) {
	t.Parallel()
	if got, want := EscapeDocument(`{"a b":"*~-._+é"}`), "%7B%22a%20b%22%3A%22%2A~-._%2B%C3%A9%22%7D"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRecorded: what the caller is told of a value that is a secret, and of a parameter that may be anything, is not
// recorded.
func TestRecorded(t *testing.T) {
	t.Parallel()
	secret := Secret(func(name string) bool { return name == "TokenCode" })
	const told = "2 validation errors detected: Value '1' at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6; " +
		"Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2"
	for _, c := range []struct{ form, told, recorded string }{
		{"TokenCode=1&Name=a", told, strings.Replace(told, "Value '1'", "Value", 1)},
		{"TokenCode=123456&Name=ab&hunter2", "Unknown parameter: hunter2", "Unknown parameter"},
	} {
		q := NewReader(form(t, c.form), ShowValues(), secret)
		q.String("TokenCode", Length(6, 6))
		q.String("Name", Length(2, 6))
		if err := apierr.From(q.Err()); err.Message != c.told || err.Record() != c.recorded {
			t.Errorf("%s\n told %s\n and recorded %s", c.form, err.Message, err.Record())
		}
	}
}
