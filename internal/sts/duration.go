package sts

import "time"

// How long sessions last.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html#stsapi_comparison
const (
	// MinDuration is how long any session but AssumeRoot's lasts at least.
	MinDuration = 15 * time.Minute
	// DefaultRoleDuration is how long a role session lasts for which no duration was asked.
	DefaultRoleDuration = time.Hour
	// MaxRoleDuration is the most that a role can allow.
	MaxRoleDuration = 12 * time.Hour
	// MaxChained is how long a role session that is had with temporary credentials may last.
	MaxChained = time.Hour
	// DefaultUserDuration and MaxUserDuration are of GetSessionToken and GetFederationToken.
	DefaultUserDuration = 12 * time.Hour
	MaxUserDuration     = 36 * time.Hour
	// MaxRootDuration is the most that the root user gets of these two, whatever it asks for.
	MaxRootDuration = time.Hour
	// MaxConsole is how long a session of the console lasts at most, and if nobody says. That the root user's is no
	// shorter is our reading: the hour above is of credentials for programs.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
	// (SessionDuration)
	MaxConsole = 12 * time.Hour
)

// Duration returns how long a session of the role lasts for which asked is asked, 0 for nothing; chained says
// that the caller uses temporary credentials. The error is a ValidationError for what the role, or role
// chaining, does not allow.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (r *Role) Duration(asked time.Duration, chained bool) (time.Duration, error) {
	switch {
	case asked == 0:
		return min(DefaultRoleDuration, r.MaxSession), nil
	case asked > r.MaxSession:
		return 0, validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case chained && asked > MaxChained:
		return 0, validationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return asked, nil
}

// UserDuration returns how long a session of GetSessionToken or GetFederationToken lasts for which asked is
// asked, 0 for nothing. The root user gets an hour at most, without an error.
//
// Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html and
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
func UserDuration(asked time.Duration, root bool) time.Duration {
	if asked == 0 {
		asked = DefaultUserDuration
	}
	if root {
		return min(asked, MaxRootDuration)
	}
	return asked
}
