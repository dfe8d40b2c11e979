/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed secrets made by other implementations: an envelope whose KMS is that of
 * tests/fakes/aliyun_cloud.py, and a text from before secrets were signed. */
#pragma once

/* clang-format off */
#define SEALED_ENVELOPE_PAYLOAD \
	"{\"version\":\"0.1.0\",\"type\":\"envelope\",\"key_id\":\"key-latchkey0001\",\"e" \
	"ncrypted_key\":\"lggGDeeUMbJlNp8328xInpjQjzgYv75ounND9Qd2UInWACisIsgaNcTflqqIgMd" \
	"S\",\"encrypted_data\":\"EZ/sdSGiX8rnA2dxehQMfqcxPX1rqiXQlJy7/BxrPUJ6FVOFcTY+tLU" \
	"p\",\"wrap_type\":\"A256GCM\",\"iv\":\"EBESExQVFhcYGRob\",\"provider\":\"aliyun" \
	"\",\"provider_settings\":{\"client_key_id\":\"KAAP.5c8f3a10-1111-4222-8333-44445" \
	"5556666\",\"client_type\":\"client_key\",\"kms_instance_id\":\"kst-latchkey0test" \
	"\"},\"annotations\":{\"iv\":\"oKGio6Slpqeoqaqr\"}}"
#define SEALED_ENVELOPE \
	"sealed.eyJhbGciOiJFUzI1NiIsImtpZCI6InRlc3Qta2V5In0.eyJ2ZXJzaW9uIjoiMC4xLjAiLCJ0e" \
	"XBlIjoiZW52ZWxvcGUiLCJrZXlfaWQiOiJrZXktbGF0Y2hrZXkwMDAxIiwiZW5jcnlwdGVkX2tleSI6I" \
	"mxnZ0dEZWVVTWJKbE5wODMyOHhJbnBqUWp6Z1l2NzVvdW5ORDlRZDJVSW5XQUNpc0lzZ2FOY1RmbHFxS" \
	"WdNZFMiLCJlbmNyeXB0ZWRfZGF0YSI6IkVaL3NkU0dpWDhybkEyZHhlaFFNZnFjeFBYMXJxaVhRbEp5N" \
	"y9CeHJQVUo2RlZPRmNUWSt0TFVwIiwid3JhcF90eXBlIjoiQTI1NkdDTSIsIml2IjoiRUJFU0V4UVZGa" \
	"GNZR1JvYiIsInByb3ZpZGVyIjoiYWxpeXVuIiwicHJvdmlkZXJfc2V0dGluZ3MiOnsiY2xpZW50X2tle" \
	"V9pZCI6IktBQVAuNWM4ZjNhMTAtMTExMS00MjIyLTgzMzMtNDQ0NDU1NTU2NjY2IiwiY2xpZW50X3R5c" \
	"GUiOiJjbGllbnRfa2V5Iiwia21zX2luc3RhbmNlX2lkIjoia3N0LWxhdGNoa2V5MHRlc3QifSwiYW5ub" \
	"3RhdGlvbnMiOnsiaXYiOiJvS0dpbzZTbHBxZW9xYXFyIn19.5A-wd3go_YkIAj8dF3MgD-ldCDvZeIs4" \
	"VRi9fPVqf64YBKkvmuqfXrz4dBYdH6pr5afVgAl0tIyF08X9rIRoUA"
#define SEALED_TEST_JWK \
	"{\"kty\": \"EC\", \"crv\": \"P-256\", \"alg\": \"ES256\", \"use\": \"sig\", \"ki" \
	"d\": \"test-key\", \"x\": \"s6X6Ihd49tQcRbVTy_p0cMNYLDqESg7TKSxYLV__zJU\", \"y\"" \
	": \"-N0vkaQIaUlW2JpFUgnfr6JLFCiw1_ANnGclDgOZ8n8\"}"
#define SEALED_TEST_PRIVATE_JWK \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"te" \
	"st-key\",\"x\":\"s6X6Ihd49tQcRbVTy_p0cMNYLDqESg7TKSxYLV__zJU\",\"y\":\"-N0vkaQIa" \
	"UlW2JpFUgnfr6JLFCiw1_ANnGclDgOZ8n8\",\"d\":\"49D21rZB0JEFUOdt5A31V-kG3CQMZh_Xtm_" \
	"vqWhATyQ\"}"
#define SEALED_STS_PAYLOAD \
	"{\"version\":\"0.1.0\",\"type\":\"vault\",\"name\":\"disk-key\",\"provider\":\"a" \
	"liyun\",\"provider_settings\":{\"client_type\":\"sts_token\",\"token_path\":\"/r" \
	"un/latchkey/sts\",\"region_id\":\"cn-beijing\"},\"annotations\":{\"version_stage" \
	"\":\"\",\"version_id\":\"\"}}"
#define SEALED_UNSIGNED \
	"sealed.fakejwsheader.eyJ2ZXJzaW9uIjoiMC4xLjAiLCJ0eXBlIjoidmF1bHQiLCJuYW1lIjoiZGl" \
	"zay1rZXkiLCJwcm92aWRlciI6ImFsaXl1biIsInByb3ZpZGVyX3NldHRpbmdzIjp7ImNsaWVudF90eXB" \
	"lIjoic3RzX3Rva2VuIiwidG9rZW5fcGF0aCI6Ii9ydW4vbGF0Y2hrZXkvc3RzIiwicmVnaW9uX2lkIjo" \
	"iY24tYmVpamluZyJ9LCJhbm5vdGF0aW9ucyI6eyJ2ZXJzaW9uX3N0YWdlIjoiIiwidmVyc2lvbl9pZCI" \
	"6IiJ9fQ.fakesignature"
/* the private key in PEM, and keys that are not taken */
#define SEALED_PEM_SEC1 \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MHcCAQEEIOPQ9ta2QdCRBVDnbeQN9VfpBtwkDGYf17Zv76loQE8koAoGCCqGSM49\n" \
	"AwEHoUQDQgAEs6X6Ihd49tQcRbVTy/p0cMNYLDqESg7TKSxYLV//zJX43S+RpAhp\n" \
	"SVbYmkVSCd+voksUKLDX8A2cZyUOA5nyfw==\n" \
	"-----END EC PRIVATE KEY-----\n"
#define SEALED_PEM_PKCS8 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg49D21rZB0JEFUOdt\n" \
	"5A31V+kG3CQMZh/Xtm/vqWhATyShRANCAASzpfoiF3j21BxFtVPL+nRww1gsOoRK\n" \
	"DtMpLFgtX//MlfjdL5GkCGlJVtiaRVIJ36+iSxQosNfwDZxnJQ4DmfJ/\n" \
	"-----END PRIVATE KEY-----\n"
#define SEALED_PEM_P384 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDQwc6Qpyom0lX8kqAu\n" \
	"FC7zAxSVeAaIFx7Ed2Bd2QY2RDeCz+UkmM1CNoJdLqJSFQuhZANiAAQ3bY4W34BO\n" \
	"p/TJB7ShMXNG4PUzBpPOLGD/UyjkdfIzUK+uMTXmXXNRckVC3ZI2aHc8ebIYVvQD\n" \
	"4wdvtINUPCJmMRsf1YFGR0bWsPkYqhG17eKxmi+DCmt4JmlI69hRt1U=\n" \
	"-----END PRIVATE KEY-----\n"
#define SEALED_PEM_ENCRYPTED \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
	"MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBCww50Wyk+N30Kmw4Jc\n" \
	"nnCnAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQExUTcQNJjr7BqGAY\n" \
	"nOJrVASBkCn85cDXx4UnUmbNjZH+195/541Q5fsVm60RIW53M9BjgaZOzn7UGrDS\n" \
	"m8oHMWeCTZE7W7kWGaBU1279zbbniWZ9tqUnQe+o7NP/jorsmOQGN1R0Wd/dbsFc\n" \
	"q9DJ2wBjqz0lrhSeNJYDXJRRnF9y0nIt82cpi814InKh9Hjmgw6zCFf0TYRK1oJQ\n" \
	"C6V0ro1l4w==\n" \
	"-----END ENCRYPTED PRIVATE KEY-----\n"
/* clang-format on */

#define SEALED_PLAINTEXT "latchkey-volume-passphrase"
#define SEALED_DEK	 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
/* a content layer alone, under the same data key */
#define SEALED_LAYER_IV	   "AAECAwQFBgcICQoL"
#define SEALED_LAYER_DATA  "NGe3d6CB4m3sLeLuoNuzKUKwIAcy3aAxfdpjoA=="
#define SEALED_LAYER_PLAIN "sealed value"
