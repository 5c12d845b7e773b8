package expect

import (
	"encoding/json"
	"fmt"
	"io"
)

// Report is the results of all files, in order.
type Report struct{ Results []Result }

// Counts returns how many checks hold, fail, and could not be asked.
func (r *Report) Counts() (held, failed, broken int) {
	for i := range r.Results {
		switch r.Results[i].Outcome {
		case Holds:
			held++
		case Fails:
			failed++
		default:
			broken++
		}
	}
	return held, failed, broken
}

// Summary says in one line how the checks came out.
func (r *Report) Summary() string {
	held, failed, broken := r.Counts()
	text := fmt.Sprintf("%d checks: %d hold, %d do not", len(r.Results), held, failed)
	if broken > 0 {
		text += fmt.Sprintf(", %d could not be asked", broken)
	}
	return text
}

// Text writes a line for each check that does not hold, or for every check if all is set, and a summary.
func (r *Report) Text(w io.Writer, all bool) error {
	for i := range r.Results {
		if one := &r.Results[i]; all || one.Outcome != Holds {
			if _, err := fmt.Fprintln(w, one.text(all)); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintln(w, r.Summary())
	return err
}

// text returns the line of a result. outcome puts its outcome into it.
func (r *Result) text(outcome bool) string {
	text := r.place() + ": "
	if outcome {
		text += string(r.Outcome) + ": "
	}
	text += r.Message
	if r.Name != "" {
		text += " [" + oneLine(r.Name) + "]"
	}
	return text
}

func (r *Result) place() string { return fmt.Sprintf("%s:%d", r.File, r.Line) }

// reported is a result as it is written as JSON.
type reported struct {
	File      string
	Line      int
	Name      string `json:",omitempty"`
	Principal string
	Action    string
	Resource  string              `json:",omitempty"`
	Context   map[string][]string `json:",omitempty"`
	Expected  string              // allow or deny
	Because   *Cause              `json:",omitempty"`
	Outcome   Outcome
	Message   string
	// The decision; absent where there is none.
	Effect    string `json:",omitempty"`
	Judged    string `json:",omitempty"` // the action that was judged, if it is another one
	Layer     string `json:",omitempty"`
	Source    string `json:",omitempty"`
	Sid       string `json:",omitempty"`
	Statement int    `json:",omitempty"`
	// The error; absent where there is none.
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// JSON writes one JSON object: the results, in order, and how many there are of each outcome.
func (r *Report) JSON(w io.Writer) error {
	var out struct {
		Results              []reported
		Held, Failed, Errors int
	}
	out.Held, out.Failed, out.Errors = r.Counts()
	out.Results = make([]reported, len(r.Results))
	for i := range r.Results {
		out.Results[i] = r.Results[i].reported()
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	return e.Encode(out)
}

func (r *Result) reported() reported {
	out := reported{
		File: r.File, Line: r.Line, Name: r.Name, Principal: r.Principal, Action: r.Action, Resource: r.Resource,
		Expected: "deny", Outcome: r.Outcome, Message: r.Message, Effect: r.Answer.Effect, Layer: r.Answer.Layer,
		Source: r.Answer.Source, Sid: r.Answer.Sid, Statement: r.Answer.Statement, ErrorCode: r.Answer.Code, ErrorMessage: r.Answer.Message,
	}
	if r.Allow {
		out.Expected = "allow"
	}
	if r.Because != (Cause{}) {
		out.Because = &r.Because
	}
	if r.Answer.Action != r.Action {
		out.Judged = r.Answer.Action
	}
	for _, v := range r.With {
		if out.Context == nil {
			out.Context = map[string][]string{}
		}
		out.Context[v.Key] = v.Values
	}
	return out
}
