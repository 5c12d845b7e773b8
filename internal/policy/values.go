package policy

import (
	"cmp"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// decimal is an integer or decimal number of any length: [+-] digits [. digits]. Zero is not
// negative; whole has no leading and fraction no trailing zeros.
type decimal struct {
	negative        bool
	whole, fraction string
}

// parseDecimal returns s as a number. Exponents are not numbers in a policy.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Numeric
func parseDecimal(s string) (d decimal, ok bool) {
	if rest, found := strings.CutPrefix(s, "-"); found {
		d.negative, s = true, rest
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	whole, fraction, point := strings.Cut(s, ".")
	if !digits(whole) || point && !digits(fraction) {
		return decimal{}, false
	}
	d.whole = strings.TrimLeft(whole, "0")
	d.fraction = strings.TrimRight(fraction, "0")
	if d.whole == "" && d.fraction == "" {
		d.negative = false
	}
	return d, true
}

// compare returns the sign of d − e.
func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	sign := cmp.Or(
		cmp.Compare(len(d.whole), len(e.whole)),
		strings.Compare(d.whole, e.whole),
		strings.Compare(d.fraction, e.fraction),
	)
	if d.negative {
		return -sign
	}
	return sign
}

// digits reports whether s is one or more decimal digits.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// instant is a point in time: seconds since 1970-01-01T00:00:00Z and nanoseconds after them.
type instant struct {
	seconds int64
	nanos   int32
}

func (i instant) compare(j instant) int {
	return cmp.Or(cmp.Compare(i.seconds, j.seconds), cmp.Compare(i.nanos, j.nanos))
}

// parseInstant returns s as a time. It is one of
//
//	year[-month[-day]][T[hour[:minute[:second[.fraction]]]][zone]]    zone = Z | (+|-)hh[:mm]
//	seconds since 1970, at most 2⁶³−1
//
// Letters are in either case; without a zone the time is UTC. Four digits alone are a year, as the
// W3C's profile of ISO 8601 has it. The bounds on the parts, such as a year from −292275054 to
// 292278993, are those that IAM was found to accept by
// https://github.com/getmoto/moto/blob/master/tests/test_iam/test_iam_policies.py.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
func parseInstant(s string) (instant, bool) {
	if digits(s) && len(s) != 4 {
		n, err := strconv.ParseInt(s, 10, 64)
		return instant{seconds: n}, err == nil
	}
	date, clock := s, ""
	if i := strings.IndexAny(s, "Tt"); i >= 0 {
		date, clock = s[:i], s[i+1:]
	}
	clock, zone, ok := cutZone(clock)
	if !ok {
		return instant{}, false
	}
	days, ok := parseDate(date)
	if !ok {
		return instant{}, false
	}
	seconds, nanos, ok := parseClock(clock)
	if !ok {
		return instant{}, false
	}
	return instant{days*86400 + seconds - zone, nanos}, true
}

// parseDate returns the days from 1970-01-01 to year[-month[-day]].
func parseDate(s string) (days int64, ok bool) {
	sign := int64(1)
	if rest, found := strings.CutPrefix(s, "-"); found {
		sign, s = -1, rest
	}
	date := [3]int64{0, 1, 1}
	limits := [3][2]int64{{0, 292278993}, {1, 12}, {1, 31}}
	for i, more := 0, true; more; i++ {
		if i == len(date) {
			return 0, false
		}
		var part string
		part, s, more = strings.Cut(s, "-")
		if date[i], ok = number(part, limits[i][0], limits[i][1]); !ok {
			return 0, false
		}
	}
	date[0] *= sign
	if date[0] < -292275054 {
		return 0, false
	}
	// The Gregorian calendar repeats every 400 years of 146,097 days, so any year can be moved to
	// one for which package time counts without overflow.
	cycles := date[0] / 400
	t := time.Date(int(date[0]%400)+2000, time.Month(date[1]), int(date[2]), 0, 0, 0, 0, time.UTC)
	return t.Unix()/86400 + (cycles-5)*146097, true
}

// parseClock returns the time of day of [hour[:minute[:second[.fraction]]]].
func parseClock(s string) (seconds int64, nanos int32, ok bool) {
	if s == "" {
		return 0, 0, true
	}
	s, fraction, point := strings.Cut(s, ".")
	limit, unit := int64(23), int64(3600)
	for more := true; more; {
		var part string
		part, s, more = strings.Cut(s, ":")
		n, ok := number(part, 0, limit)
		if !ok || len(part) > 2 || unit == 0 {
			return 0, 0, false
		}
		seconds += n * unit
		limit, unit = 59, unit/60
	}
	if !point {
		return seconds, 0, true
	}
	// A fraction belongs to seconds, which are read once the unit has come to nothing.
	n, ok := number(fraction, 0, 999999999)
	if !ok || len(fraction) > 9 || unit != 0 {
		return 0, 0, false
	}
	for range 9 - len(fraction) {
		n *= 10
	}
	return seconds, int32(n), true
}

// cutZone cuts the zone off a time of day and returns it in seconds east of Greenwich.
func cutZone(s string) (clock string, zone int64, ok bool) {
	if n := len(s) - 1; n >= 0 && (s[n] == 'Z' || s[n] == 'z') {
		return s[:n], 0, true
	}
	i := strings.IndexAny(s, "+-")
	if i < 0 {
		return s, 0, true
	}
	hours, minutes, colon := strings.Cut(s[i+1:], ":")
	h, ok := number(hours, 0, 23)
	if !ok || len(hours) != 2 {
		return "", 0, false
	}
	m := int64(0)
	if colon {
		if m, ok = number(minutes, 0, 59); !ok || len(minutes) != 2 {
			return "", 0, false
		}
	}
	zone = h*3600 + m*60
	if s[i] == '-' {
		zone = -zone
	}
	return s[:i], zone, true
}

// number returns s as a number of digits only, within limits.
func number(s string, low, high int64) (int64, bool) {
	if !digits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && low <= n && n <= high
}

// parseNetwork returns a CIDR block or a single address. Bits of the block's address beyond its
// length do not matter. As with addresses, IPv4 in IPv6 counts as IPv4.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
func parseNetwork(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		a, ok := parseAddress(s)
		return netip.PrefixFrom(a, a.BitLen()), ok
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// parseAddress returns an address without zone; IPv4 in IPv6 counts as IPv4.
func parseAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil && a.Zone() == ""
}

// parseBinary returns the bytes that s encodes in base64.
func parseBinary(s string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err == nil
}

// parseBool returns s, in any case, as a boolean.
func parseBool(s string) (value, ok bool) {
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	default:
		return false, false
	}
}

// ParseDate returns the value of a date operator as seconds since 1970 and nanoseconds after them; ok is false if it
// is none.
func ParseDate(s string) (seconds int64, nanos int32, ok bool) {
	i, ok := parseInstant(s)
	return i.seconds, i.nanos, ok
}

// ParseNetwork returns the value of an IP address operator: a block, or an address as the block of it alone; ok is
// false if it is none.
func ParseNetwork(s string) (block netip.Prefix, ok bool) { return parseNetwork(s) }
