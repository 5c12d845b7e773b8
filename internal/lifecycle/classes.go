package lifecycle

import "slices"

// The storage classes of objects, by the names that the API has for them. A record leaves out Standard.
const (
	Standard           = "STANDARD"
	ReducedRedundancy  = "REDUCED_REDUNDANCY"
	StandardIA         = "STANDARD_IA"
	IntelligentTiering = "INTELLIGENT_TIERING"
	OneZoneIA          = "ONEZONE_IA"
	GlacierIR          = "GLACIER_IR"
	Glacier            = "GLACIER"
	DeepArchive        = "DEEP_ARCHIVE"
)

// classes has the classes in the order of the waterfall, in which transitions only go down.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
var classes = []string{
	Standard, ReducedRedundancy, StandardIA, IntelligentTiering, OneZoneIA, GlacierIR, Glacier, DeepArchive,
}

// Class returns the name of a class as it is stored; empty is Standard.
func Class(stored string) string {
	if stored == "" {
		return Standard
	}
	return stored
}

// IsClass reports whether objects can be written in a class.
func IsClass(name string) bool { return slices.Contains(classes, name) }

// IsTarget reports whether transitions can name a class.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Transition.html
func IsTarget(name string) bool { return Rank(name) > Rank(ReducedRedundancy) }

// Rank is the place of a class in the waterfall, -1 if it is unknown.
func Rank(name string) int { return slices.Index(classes, name) }

// Archived reports whether the objects of a class, as it is stored, cannot be read before they are restored.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html
func Archived(stored string) bool { return stored == Glacier || stored == DeepArchive }

// descends reports whether S3 lets an object transition from a class to another one: down the waterfall, and from S3
// One Zone-IA to the archive classes only.
func descends(from, to string) bool {
	if from == OneZoneIA && to == GlacierIR {
		return false
	}
	return IsTarget(to) && Rank(from) < Rank(to)
}

// preferred ranks the classes that several transitions lead to; the highest is taken.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html ("S3 Intelligent-Tiering is
// favored by S3 Lifecycle over any storage class, aside from the S3 Glacier and S3 Glacier Deep Archive storage
// classes")
func preferred(class string) int {
	if class == IntelligentTiering {
		return 2*Rank(GlacierIR) + 1
	}
	return 2 * Rank(class)
}

// smallObject is the size in bytes below which objects are not moved unless a rule speaks of sizes.
const smallObject = 128 << 10

// smallFor reports whether an object is kept from a class for being small. A filter that names a size takes
// precedence over the default.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
// ("Minimum object size")
func (r *Rules) smallFor(size int64, class string) bool {
	return size < smallObject && !(r.variesByClass && Archived(class))
}
