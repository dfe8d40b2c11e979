/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stable error codes: one row each, with the class it belongs to, the name the operator
 * and scripts see, and one sentence on what to do. latchkey-errors(7) is made from this table.
 * Names never change meaning; rows may be added.
 */
#pragma once

/* clang-format off */
#define LK_CODES(X)                                                                                \
	/* configuration */                                                                        \
	X(CONFIG_SYNTAX, LK_CONFIG, "config-syntax",                                               \
	  "Correct the line named; latchkey.conf(5) shows the language.")                          \
	X(CONFIG_UNKNOWN, LK_CONFIG, "config-unknown",                                             \
	  "Remove or correct the section or key named.")                                           \
	X(CONFIG_VALUE, LK_CONFIG, "config-value",                                                 \
	  "Give the key a value of the kind its manual entry names.")                              \
	X(CONFIG_MISSING, LK_CONFIG, "config-missing",                                             \
	  "Add the key or file named.")                                                            \
	X(CONFIG_FILE_MODE, LK_CONFIG, "config-file-mode",                                         \
	  "Make the file owned by root with mode 0600, in directories only root can write.")       \
	X(CLOCK_UNTRUSTED, LK_CONFIG, "clock-untrusted",                                           \
	  "Set the clock, or pin the server by CA or SPKI in the measured configuration.")         \
	X(CMDLINE, LK_CONFIG, "cmdline",                                                           \
	  "Boot with the command line that latchkey-image wrote.")                                 \
	/* volumes */                                                                              \
	X(VOLUME_ABSENT, LK_ABSENT, "volume-absent",                                               \
	  "Attach the device named, or correct the device key.")                                   \
	X(VOLUME_AMBIGUOUS, LK_TAMPERED, "volume-ambiguous",                                       \
	  "Two devices match; detach the one that does not belong.")                               \
	X(HEADER_INVALID, LK_TAMPERED, "header-invalid",                                           \
	  "The LUKS2 header is damaged or was altered; restore it from a backup.")                 \
	X(HEADER_JSON, LK_TAMPERED, "header-json",                                                 \
	  "The LUKS2 metadata holds something no rule allows; restore the header.")                \
	X(HEADER_CIPHER, LK_TAMPERED, "header-cipher",                                             \
	  "The header names a cipher that is not allowed; the disk was altered.")                  \
	X(HEADER_KDF, LK_TAMPERED, "header-kdf",                                                   \
	  "A keyslot's KDF is outside the allowed kinds or costs.")                                \
	X(HEADER_AREA, LK_TAMPERED, "header-area",                                                 \
	  "A keyslot or segment lies outside its place on the disk.")                              \
	X(HEADER_CHANGED, LK_TAMPERED, "header-changed",                                           \
	  "The volume is not the one that the configuration names.")                               \
	X(HEADER_MAC, LK_TAMPERED, "header-mac",                                                   \
	  "The header was not made for this volume, or was altered; restore it from a backup.")    \
	X(HEADER_MAC_ABSENT, LK_TAMPERED, "header-mac-absent",                                     \
	  "Was the header replaced? If not, latchkey volume rotate gives it a MAC.")               \
	X(HEADER_ROLLBACK, LK_TAMPERED, "header-rollback",                                         \
	  "The backup is older than the disk's header, or another volume's; take the latest.")     \
	X(KEY_WRONG, LK_TAMPERED, "key-wrong",                                                     \
	  "The key fetched does not open the volume; check which key the resource holds.")         \
	X(TABLE_MISMATCH, LK_TAMPERED, "table-mismatch",                                           \
	  "The kernel's mapping differs from what was checked; this should not happen.")           \
	X(VERITY_CORRUPT, LK_TAMPERED, "verity-corrupt",                                           \
	  "The root hash does not match the disk: wrong hash, or altered blocks.")                 \
	X(VERITY_SUPERBLOCK, LK_TAMPERED, "verity-superblock",                                     \
	  "The hash tree's superblock is damaged, or of a kind that is not taken.")                \
	X(PARTITION_TABLE, LK_TAMPERED, "partition-table",                                         \
	  "The partition table is damaged or no GPT; nothing grows until it is repaired.")         \
	X(PARTITION_PLACE, LK_CONFIG, "partition-place",                                           \
	  "Only the last partition of a disk can grow; move it, or set grow = false.")             \
	X(NOT_BLANK, LK_CONFIG, "not-blank",                                                       \
	  "The device holds something. If it may be lost: latchkey volume init --erase.")          \
	X(UNFINISHED, LK_CONFIG, "unfinished",                                                     \
	  "Making the volume was cut short: latchkey volume init makes it anew.")                  \
	X(LABEL_INVALID, LK_TAMPERED, "label-invalid",                                             \
	  "The label is not one of this volume; if nothing there counts: volume init --erase.")    \
	X(DEVICE_SIZE, LK_CONFIG, "device-size",                                                   \
	  "Give the volume a larger device.")                                                      \
	X(DEVICE_BUSY, LK_CONFIG, "device-busy",                                                   \
	  "Something uses the device: unmount it, close what lies on it, or correct device.")      \
	X(DEVICE_FAILED, LK_INTERNAL, "device-failed",                                             \
	  "The device failed or vanished; see the kernel's log.")                                  \
	X(MAKEFS_FAILED, LK_CONFIG, "makefs-failed",                                               \
	  "Is the program in the initramfs, and the volume large enough for the file system?")     \
	X(NAME_TAKEN, LK_CONFIG, "name-taken",                                                     \
	  "A mapping of that name exists already; close it or rename the volume.")                 \
	X(LAYER_INVALID, LK_TAMPERED, "layer-invalid",                                             \
	  "The writable layer's volume holds something else; format it anew or name another.")     \
	/* network and key service */                                                              \
	X(NO_NETWORK, LK_AGAIN, "no-network",                                                      \
	  "No route appeared; check the network card and the initramfs network module.")           \
	X(NAME_LOOKUP, LK_AGAIN, "name-lookup",                                                    \
	  "The server's name did not resolve; check dns and the name servers.")                    \
	X(UNREACHABLE, LK_AGAIN, "unreachable",                                                    \
	  "No endpoint answered; check that the key service runs and is reachable.")               \
	X(SERVER_BUSY, LK_AGAIN, "server-busy",                                                    \
	  "The key service asked to come back later.")                                             \
	X(TLS_UNTRUSTED, LK_TAMPERED, "tls-untrusted",                                             \
	  "The server's certificate does not chain to the configured CA or pin.")                  \
	X(HTTP_LIMIT, LK_TAMPERED, "http-limit",                                                   \
	  "The server's answer broke a size, header or redirect rule.")                            \
	X(REPLY_INVALID, LK_TAMPERED, "reply-invalid",                                             \
	  "The server's answer is not what the protocol says; is it the right server?")            \
	X(PROTOCOL_VERSION, LK_CONFIG, "protocol-version",                                         \
	  "Server and agent share no protocol version; set kbs_protocol or update.")               \
	X(EVIDENCE_REJECTED, LK_DENIED, "evidence-rejected",                                       \
	  "The key service did not accept the evidence; its own log says why.")                    \
	X(KBS_DENIED, LK_DENIED, "kbs-denied",                                                     \
	  "The key service's policy refused this resource; its audit log says why.")               \
	X(KBS_NO_RESOURCE, LK_DENIED, "kbs-no-resource",                                           \
	  "Store the key under that name in the key service, or correct key_uri.")             \
	X(KMS_DENIED, LK_DENIED, "kms-denied",                                                     \
	  "The KMS refused; allow the role or the client key to read this secret.")                \
	X(KMS_NO_SECRET, LK_DENIED, "kms-no-secret",                                               \
	  "Make the secret under that name in the KMS, or correct secret_name.")                   \
	X(KMS_CREDENTIAL, LK_DENIED, "kms-credential",                                             \
	  "The KMS did not accept the credential; renew the token or the client key.")             \
	X(KMS_CLOCK, LK_CONFIG, "kms-clock",                                                       \
	  "The KMS refuses requests from another time; set the clock.")                            \
	X(KMS_REQUEST, LK_CONFIG, "kms-request",                                                   \
	  "The KMS did not understand the request; check names, stage and version.")               \
	X(OIDC_REFUSED, LK_DENIED, "oidc-refused",                                                 \
	  "The token service refused; check the identity token, the role and its provider.")       \
	X(IMDS_REFUSED, LK_DENIED, "imds-refused",                                                 \
	  "The metadata service refused; imds_v1 = true asks the older way.")                      \
	X(IMDS_ABSENT, LK_ABSENT, "imds-absent",                                                   \
	  "Bind a role to the machine, or write ecs_ram_role_name and region_id.")                 \
	X(CREDENTIAL_INVALID, LK_CONFIG, "credential-invalid",                                     \
	  "The credential named is damaged, or its password is wrong; install it again.")          \
	X(SEALED_INVALID, LK_TAMPERED, "sealed-invalid",                                           \
	  "The sealed secret was altered, or is of a form that is not taken; seal it again.")      \
	X(SEALED_SIGNER, LK_TAMPERED, "sealed-signer",                                             \
	  "Name the key that signed the secret under [sealed], or have another sign it.")          \
	X(SEALED_SOURCE, LK_CONFIG, "sealed-source",                                               \
	  "The sealed secret asks for what is not configured; see [services.kms], [services.kbs].") \
	X(SESSION_EXPIRED, LK_AGAIN, "session-expired",                                            \
	  "The attested session ended; a new one is made.")                                        \
	X(JWE_INVALID, LK_TAMPERED, "jwe-invalid",                                                 \
	  "The encrypted answer does not open with this session's key.")                           \
	X(KBS_TEE_KEY, LK_CONFIG, "kbs-tee-key",                                                   \
	  "The key service cannot encrypt to this kind of TEE key; write another tee_key.")        \
	X(TOKEN_REFUSED, LK_DENIED, "token-refused",                                               \
	  "The key service did not take the token; must it trust who issues them?")                \
	X(CDH_FAILED, LK_AGAIN, "cdh-failed",                                                      \
	  "The confidential data hub gave no key; its own log says why.")                          \
	X(EXEC_FAILED, LK_CONFIG, "exec-failed",                                                   \
	  "The key command failed; run it by hand to see why.")                                    \
	/* proof */                                                                                \
	X(TEE_ABSENT, LK_ABSENT, "tee-absent",                                                     \
	  "No attester of the configured kind works on this machine.")                             \
	X(TEE_REFUSED, LK_CONFIG, "tee-refused",                                                   \
	  "The sample attester is refused where real hardware is present.")                        \
	X(TEE_BUSY, LK_AGAIN, "tee-busy",                                                          \
	  "The TEE or its host is busy with another request; it is asked again.")                  \
	X(TEE_FAILED, LK_INTERNAL, "tee-failed",                                                   \
	  "The TEE made no report: the kernel's log and the host's quoting service say why.")      \
	X(TEE_DEBUG, LK_TAMPERED, "tee-debug",                                                     \
	  "The guest runs in debug mode, in which its host reads its memory; start it without.")   \
	X(EVIDENCE_INVALID, LK_TAMPERED, "evidence-invalid",                                       \
	  "The report is malformed or not the one asked for; kernel and firmware may be too new.") \
	X(REGISTER, LK_TAMPERED, "register",                                                       \
	  "The register named in the configuration cannot be written; is the TPM still there?")    \
	/* key server */                                                                           \
	X(POLICY_INVALID, LK_CONFIG, "policy-invalid",                                             \
	  "Correct the rule named; latchkeyd(8) shows the form of a policy.")                      \
	X(POLICY_REGO, LK_CONFIG, "policy-rego",                                                   \
	  "Write the policy as JSON rules; of Rego only allow-all and deny-all are known.")        \
	X(RESOURCE_NAME, LK_CONFIG, "resource-name",                                               \
	  "Name it in three segments of letters, digits, dot, dash, underscore: a/b/c.")           \
	X(RESOURCE_SIZE, LK_CONFIG, "resource-size",                                               \
	  "Store between 1 byte and 64 KiB.")                                                      \
	X(RESOURCE_ABSENT, LK_ABSENT, "resource-absent",                                           \
	  "See latchkeyd resource list.")                                                          \
	X(STATE_EXISTS, LK_CONFIG, "state-exists",                                                 \
	  "Give an empty or new folder; nothing is ever overwritten.")                             \
	X(STATE_ABSENT, LK_ABSENT, "state-absent",                                                 \
	  "Make the state first: latchkeyd init.")                                                 \
	X(STATE_FILE_MODE, LK_CONFIG, "state-file-mode",                                           \
	  "Make it owned by root or the server's user, closed to others: chmod go= NAME.")         \
	X(STATE_BUSY, LK_CONFIG, "state-busy",                                                     \
	  "Another latchkeyd works on this state; stop it first.")                                 \
	X(ROOT_KEY_WRONG, LK_TAMPERED, "root-key-wrong",                                           \
	  "The root key is not the one that sealed this store; restore the right file.")           \
	X(STORE_DAMAGED, LK_TAMPERED, "store-damaged",                                             \
	  "The store was altered or is damaged; restore it from a backup.")                        \
	X(AUDIT_BROKEN, LK_TAMPERED, "audit-broken",                                               \
	  "Entries were altered or removed; compare with a head that was saved elsewhere.")        \
	X(SERVER_ABSENT, LK_ABSENT, "server-absent",                                               \
	  "Start the key server, or name its socket with --socket.")                               \
	X(ADMIN_REFUSED, LK_DENIED, "admin-refused",                                               \
	  "Run it as root or as the user that the server runs as.")
/* clang-format on */
