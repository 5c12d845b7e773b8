package analyzerapi

// known is the names of all operations of AWS's service.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/accessanalyzer
const known = `
	ApplyArchiveRule CancelPolicyGeneration CheckAccessNotGranted CheckNoNewAccess CheckNoPublicAccess
	CreateAccessPreview CreateAnalyzer CreateArchiveRule CreateServiceLinkedAnalyzer DeleteAnalyzer DeleteArchiveRule
	DeleteServiceLinkedAnalyzer GenerateFindingRecommendation GetAccessPreview GetAnalyzedResource GetAnalyzer
	GetArchiveRule GetFinding GetFindingRecommendation GetFindingV2 GetFindingsStatistics GetGeneratedPolicy
	ListAccessPreviewFindings ListAccessPreviews ListAnalyzedResources ListAnalyzers ListArchiveRules ListFindings
	ListFindingsV2 ListPolicyGenerations ListTagsForResource StartPolicyGeneration StartResourceScan TagResource
	UntagResource UpdateAnalyzer UpdateArchiveRule UpdateFindings ValidatePolicy
`
