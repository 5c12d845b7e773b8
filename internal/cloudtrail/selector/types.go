package selector

import "strings"

// KnownType reports whether CloudTrail knows data events of a type of resource. Those of most types never come about
// here; a selector of them is accepted and chooses nothing.
func KnownType(kind string) bool {
	service, resource, found := strings.Cut(strings.TrimPrefix(kind, "AWS::"), "::")
	return found && strings.HasPrefix(kind, "AWS::") && types[service][resource]
}

// types has the resources of each service.
var types = func() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for line := range strings.Lines(typeTable) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		service := map[string]bool{}
		for _, resource := range words[1:] {
			service[resource] = true
		}
		all[words[0]] = service
	}
	return all
}()

// typeTable has a service a line: between AWS:: and :: of the type, and then what stands behind it.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-events.html#cloudtrail-data-events
const typeTable = `
AgentAccessMCP Tools
AgentRegistry Registry
AIDevOps AgentSpace Association OperatorAppTeam PipelineMetadata Service
AIOps InvestigationGroup
AOSS Collection
AppConfig Configuration
ApplicationSignals InstrumentationConfig
AppSync GraphQLApi
AWSExternalAnthropic Workspace
B2BI Transformer
Backup BackupAccessPoint SearchJob
Bedrock AdvancedOptimizePromptJob AgentAlias AsyncInvoke AutomatedReasoningPolicy AutomatedReasoningPolicyVersion Blueprint DataAutomationInvocation DataAutomationProfile DataAutomationProject FlowAlias FlowExecution Guardrail InlineAgent KnowledgeBase Model PromptVersion Session Tool
BedrockAgentCore ABTest APIKeyCredentialProvider BatchEvaluate Browser BrowserCustom BrowserProfile CapacityProvider CodeInterpreter CodeInterpreterCustom Evaluator Gateway Memory OAuth2CredentialProvider Payments Policy PolicyEngine Recommendation Registry Runtime RuntimeEndpoint TokenVault WorkloadIdentity WorkloadIdentityDirectory
BedrockMantle Project
BedrockWebSearch Tool
Cassandra Stream Table
CertificateManager AcmeEndpoint
ClinicalTrialsTech Codelist Dataset Execution Instance Mapping Schedule Study
CloudFront KeyValueStore
CloudOptimization Profile Recommendation
CloudTrail Channel
CloudWatch Dataset IngestionEndpoint Metric
CodeGuruProfiler ProfilingGroup
CodeWhisperer Customization Profile
Cognito IdentityPool
DataExchange Asset
Deadline Fleet Job Queue Worker
DiodeAlerting LinkedAlert
DSQL Cluster
DynamoDB Stream Table
EC2 InstanceConnectEndpoint Snapshot
ECS ContainerInstance
EKS Dashboard
EMRWAL Workspace
Events Endpoint EventBus EventSource Rule
FinSpace Environment
FSx Volume
GameLiftStreams Application StreamGroup
GeoMaps Provider
GeoPlaces Provider
GeoRoutes Provider
Glue Table
GreengrassV2 ComponentVersion Deployment
GuardDuty Detector MalwareScan
HealthAgent Domain Integration PatientInsightsJob Session Subscription
HealthLake DataTransformationProfile
IoT Certificate Thing Tunnel
IoTSiteWise Asset Dataset Pipeline TimeSeries Workspace
IoTTwinMaker Entity Workspace
KendraRanking ExecutionPlan
Kinesis Stream StreamConsumer
KinesisFirehose DeliveryStream
KinesisVideo SignalingChannel Stream
Lambda Function MicrovmImage
Lex Bot BotAlias
Logs LogGroupAuthorization ScheduledQuery
MachineLearning MlModel
ManagedBlockchain Network Node
ManagedBlockchainQuery QueryAPI
MedicalImaging Datastore Imageset
MWAA Environment
NeptuneGraph Graph
NetworkFlowMonitor Monitor Scope
NovaAct WorkflowDefinition WorkflowRun
One UKey User
PaymentCryptography Alias Key
PCAConnectorAD Connector
PCAConnectorSCEP Connector
Pinpoint App
QApps QApp QAppSession
QBusiness Application DataSource Index Integration WebExperience
QDeveloper Integration
Quicksight ActionConnector
QuickSight App Automation AutomationJob Extension ExtensionAccess Flow FlowSession Page Task
RDS DBCluster
Redshift Cluster
ResourceExplorer2 ManagedView View
RUM AppMonitor
S3 AccessPoint Object
S3Express AccessPoint Object
S3ObjectLambda AccessPoint
S3Outposts Object
S3Tables Table TableBucket
S3Vectors Index VectorBucket
SageMaker Endpoint ExperimentTrialComponent FeatureGroup Hub Job MlflowApp MlflowTrackingServer TrainingSession
SCN BusinessRule DataLakeException ExceptionInvestigation ExceptionRule Instance Metric MetricEvaluation Outcome OutcomeTemplate
SDB Domain
ServiceDiscovery Namespace Service
SES ConfigurationSet EmailIdentity Template
Signer SigningJob SigningProfile
SitewiseAssistant Conversation
SMSVoice CarrierLookup ConfigurationSet Message NotifyConfiguration OriginationIdentity
SNS PlatformEndpoint Topic
SocialMessaging PhoneNumberId WabaId
SQS Queue
SSM ExecutionPreview ManagedNode
SSMMessages ControlChannel
StepFunctions Activity StateMachine
SupportAccess Tenant TrustingAccount TrustingRole
SWF Domain
ThinClient Device Environment
Timestream Database RegionalEndpoint Table
Transform AgentInstance Profile
TransformCustom Campaign Conversation KnowledgeItem Package
UXC AccountCustomization
VerifiedPermissions PolicyStore
WellArchitected AgentRecommendation
XRay Trace
`
