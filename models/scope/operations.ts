/** What an operation, or the client that asks for it, is known to be; bits that a call's traits are joined of. */
export const trait = {
  /** Reads and changes nothing. */
  read: 1,
  /** Changes what identities may do, or makes credentials. */
  privileged: 2,
  /** Switches logging, detection or alarms off. */
  evading: 4,
  /** Reads secrets. */
  secret: 8,
  /** Opens data to others. */
  exposing: 16,
  /** The client names itself as a tool of attackers or testers. */
  tool: 32,
  /** The client is a person's browser or a cloud's console. */
  interactive: 64,
  /** Takes capacity, or destroys. */
  impact: 128,
} as const;

const httpRead = /^(GET|HEAD|OPTIONS)\b/;
const verbRead = /^(List|Describe|Get|Head|Search|Lookup|Scan|Query|BatchGet|Select|Simulate|Check|View|Filter)/;
const httpWrite = /^(POST|PUT|PATCH|DELETE)\b/;

const privilegedVerb =
  /^(Create|Put|Attach|Update|Add|Set|Delete|Detach|Upload|Enable|Deactivate|Change|Remove|Reset)\w*(User|Role|Group|Policy|AccessKey|LoginProfile|PermissionsBoundary|InstanceProfile|SAMLProvider|OpenIDConnectProvider|MFADevice|Certificate|SSHPublicKey|ServiceSpecificCredential|Password|Grant|KeyPair)(s|Version|ToGroup|ToInstanceProfile|FromGroup)?$/;
const privilegedExact =
  /^(GetFederationToken|UpdateAssumeRolePolicy|CreateKeyPair|ImportKeyPair|SendSSHPublicKey|SendSerialConsoleSSHPublicKey|StartSession|SendCommand|ModifyInstanceAttribute|UpdateFunctionCode\w*|AssociateIamInstanceProfile|ReplaceIamInstanceProfileAssociation|CreateAccountAssignment)$/;
const harmlessSubject =
  /(SecurityGroup|LogGroup|TargetGroup|AutoScalingGroup|SubnetGroup|ParameterGroup|NodeGroup|ScalingPolicy|LifecyclePolicy|ResourceGroup)/;
const privilegedPath =
  /\/(users?|roles?|groups?|polic(y|ies)|permissions?|grants?|tokens?|api-?keys?|credentials?|admin)\b/i;

const evading =
  /^((Stop|Delete|Update)(Logging|Trail|Detector|FlowLogs|ConfigurationRecorder|DeliveryChannel|ConfigRule|LogGroup|LogStream|Alarms|WebACL)|PutEventSelectors|Disable\w*(SecurityHub|GuardDuty|Macie|Alarm\w*|Inspector\w*|Rule|OrganizationAdminAccount)|DisassociateFrom(Master|Administrator)Account|DisassociateMembers|DeleteMembers|LeaveOrganization|CreateIPSet|CreateFilter|DeletePublishingDestination|DeleteBucketLogging)$/;
const secret =
  /^((Batch)?GetSecretValue|GetParameters?(ByPath|History)?|GetPasswordData|GetLoginProfile|GetCredentialReport|GenerateCredentialReport|DescribeInstanceAttribute|GetAuthorizationToken|RetrieveSecret)$/;
const secretPath = /\/(secrets?|passwords?|private-?keys?)\b/i;
const exposing =
  /^(Modify(DB)?(Cluster)?SnapshotAttribute|ModifyImageAttribute|PutBucket(Policy|Acl|Replication)|DeleteBucketPolicy|Delete(Bucket|Account)?PublicAccessBlock|PutObjectAcl|AddPermission\w*|SetRepositoryPolicy|PutResourcePolicy|AuthorizeSecurityGroup(In|E)gress|CreateFunctionUrlConfig|CreateDBSnapshot|CopySnapshot|ExportImage|CreateInstanceExportTask|ModifyDBInstance)\d*$/;
const impact =
  /^(RunInstances|RequestSpot(Instances|Fleet)|CreateFleet|TerminateInstances|ScheduleKeyDeletion|DisableKey|DeleteObjects?|DeleteBucket|DeleteDB(Instance|Cluster)|DeleteSnapshot|DeleteBackupVault|DeleteRecoveryPoint|InvokeModel\w*|UpdateAccountSendingEnabled|PutBucketLifecycle\w*|PutBucketVersioning)$/;
const tool =
  /kali|parrot|pacu|blackarch|pentoo|sqlmap|nikto|nmap|masscan|gobuster|dirbuster|feroxbuster|ffuf|wfuzz|nuclei|hydra|scoutsuite|prowler|cloudfox|cloudsploit|stratus-red-team|trufflehog|gitleaks|enumerate-iam|weirdaal|endgame|peirates|burp/i;
const interactive = /^Mozilla|console\.amazonaws\.com|signin\.amazonaws\.com|AWS-?Console|AWS Internal|Coral\/Netty/i;

/**
 * What an operation is known to be, by its name: method and route (`GET /users/{id}`), or a verb (`ListUsers`).
 *
 * @returns bits of {@link trait}
 */
export const traitsOf = (operation: string): number => {
  if (httpRead.test(operation)) return trait.read | (secretPath.test(operation) ? trait.secret : 0);
  if (httpWrite.test(operation)) return privilegedPath.test(operation) ? trait.privileged : 0;
  const secretly = secret.test(operation) ? trait.secret : 0;
  if (verbRead.test(operation) && !privilegedExact.test(operation)) return trait.read | secretly;
  return (
    secretly |
    (privilegedExact.test(operation) || (privilegedVerb.test(operation) && !harmlessSubject.test(operation))
      ? trait.privileged
      : 0) |
    (evading.test(operation) ? trait.evading : 0) |
    (exposing.test(operation) ? trait.exposing : 0) |
    (impact.test(operation) ? trait.impact : 0)
  );
};

/**
 * What a client is known to be, by how it names itself.
 *
 * @returns bits of {@link trait}
 */
export const traitsOfClient = (userAgent: string): number =>
  (tool.test(userAgent) ? trait.tool : 0) | (interactive.test(userAgent) ? trait.interactive : 0);

const refusals =
  /^(Client\.)?(AccessDenied\w*|Unauthorized\w*|\w*NotAuthorized\w*|Forbidden\w*|InvalidClientTokenId|\w*AuthFailure\w*|SignatureDoesNotMatch|OptInRequired|Failed authentication|NotAuthorized|403|401)$/i;

/** Whether a service answered that the caller may not do this. */
export const isRefusal = (status: number, errorCode: string): boolean =>
  errorCode === '' ? status === 401 || status === 403 : refusals.test(errorCode);

/**
 * The part of an address that stays when a caller's device moves within its provider's network: the first 16 bits of
 * IPv4, 32 of IPv6, and names as they are.
 */
export const networkOf = (address: string): string => {
  const v4 = /^(\d+\.\d+)\.\d+\.\d+$/.exec(address);
  if (v4) return v4[1]!;
  return address.includes(':') ? address.split(':').slice(0, 2).join(':').toLowerCase() : address;
};

/** A client without its version: an update is no new client. */
export const clientOf = (userAgent: string): string =>
  userAgent
    .replace(/[\d.]+/g, '')
    .replace(/\s+/g, ' ')
    .slice(0, 120);

/** FNV-1a, 32 bits: names as numbers, the same everywhere. */
export const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
};
