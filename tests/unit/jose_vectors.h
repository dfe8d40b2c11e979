/* SPDX-License-Identifier: Apache-2.0 */
/* JOSE objects made by other implementations with fixed scalars, keys and nonces. */
#pragma once

/* clang-format off */
#define JWE_P256 \
	"{\"protected\":\"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOns" \
	"iY3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiJ3WFB2OXl6Nkx6SUUyTnFSWmg3azRQZzNRalJEbWd" \
	"6Y3JRYWMzMXBVSU1RIiwieSI6Im1UTmlnZVJaRzJneHVwOGhqeGlmeHozM1UxSWJaSjhiZGFVdWUxQ2U" \
	"2RncifX0\",\"encrypted_key\":\"ALBWBf8_fBWTygeUAnMz5MVPNXFvjngvXkxM9QR4Q3dCQWl6U" \
	"qlsGQ\",\"iv\":\"oKGio6Slpqeoqaqr\",\"ciphertext\":\"u-5yXIqA-VRZHyCN-sxYhI5kkOf" \
	"sbno\",\"tag\":\"y7XrOQT87wWeQkBRaQpYyw\"}"
#define Z_P256 "70848593fbb83f7e96a86e82250ce418d88cab8c680142ac8b3527c5d731a77e"
#define KEK_P256 "f3f6e15da993de0cc4ee85a48554fdc6feeb02990f3c084592b8505d4e7a113c"
#define PROTECTED_P256 \
	"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{\"crv\":\"P-256\",\"kty" \
	"\":\"EC\",\"x\":\"wXPv9yz6LzIE2NqRZh7k4Pg3QjRDmgzcrQac31pUIMQ\",\"y\":\"mTNigeRZ" \
	"G2gxup8hjxifxz33U1IbZJ8bdaUue1Ce6Fw\"}}"
#define JWE_P256_Z0 \
	"{\"protected\":\"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOns" \
	"iY3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiJDd3lHNWdsU2VrWXdDVDFwZTVBbnRzdGRJMGE1S2l" \
	"MdV9XQ3c2U2RWUDU4IiwieSI6ImROdzNCOGxGYVgyTk5Zbm9wU3NieDFvOVdVM3M1eXJYOEt3cDdBdGJ" \
	"Xa1UifX0\",\"encrypted_key\":\"DCZNtbNOTb7lkcguQFsv0vc_TdNbLh2lknpOAt3KaCcKtKv30" \
	"4a8NQ\",\"iv\":\"oKGio6Slpqeoqaqr\",\"ciphertext\":\"u-5yXIqA-VRZHyCN-sxYhI5kkOf" \
	"sbno\",\"tag\":\"lxCRoGDTYrVg8qfcjQlTYg\"}"
#define Z_P256_Z0 "003faf0eb982a86e0ee3b9f56464a4aab92c997cd050bbe756d3a4fa1a054b9a"
#define KEK_P256_Z0 "ff55eaa47fb999e06f50fe76fd9e5fba566216f065363f7764047761dfeea92b"
#define PROTECTED_P256_Z0 \
	"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{\"crv\":\"P-256\",\"kty" \
	"\":\"EC\",\"x\":\"CwyG5glSekYwCT1pe5AntstdI0a5KiLu_WCw6SdVP58\",\"y\":\"dNw3B8lF" \
	"aX2NNYnopSsbx1o9WU3s5yrX8Kwp7AtbWkU\"}}"
#define JWE_P521 \
	"{\"protected\":\"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOns" \
	"iY3J2IjoiUC01MjEiLCJrdHkiOiJFQyIsIngiOiJBVV9hbm5SWXFRb0FXQU11a0szbzhlUWFBOUpwaEF" \
	"Yd1k1c3NaUWR2WUdCUFRfXzVDNnA1cVg4SHFVaUtDRGhkR3I3em9UNzVwX29LZTNQSS1NUWp1UmdOIiw" \
	"ieSI6IkFJY0NGQkU3S2d0THB0QUl4Zy1vZXZGRjN2WVFUbkJWdFpaT3l0S3NOekJCMFBLOGFtMWdRcTg" \
	"yOV9rd2xuNU5pdFRWRm4tVWZ3V2t6ZnBRdWNqRXBRRC0ifX0\",\"encrypted_key\":\"x50mP8-AM" \
	"P_WKnbqsG3Iky69R1WWzd0u54Q9VcVf20F9YrrgJ3utmQ\",\"iv\":\"oKGio6Slpqeoqaqr\",\"ci" \
	"phertext\":\"u-5yXIqA-VRZHyCN-sxYhI5kkOfsbno\",\"tag\":\"WZAMxUF1CiKNhRWkMj70jA" \
	"\"}"
#define Z_P521 \
	"0008471beb669bdf384f5a4415957dd910937ba4929ca1252de006adc3f34dba17f7babafd17e913" \
	"a50b822e17d2ab1701b21fe6cdc0969c356bd9769c60f4b9a645"
#define KEK_P521 "dab415865921ea724e26a17c715f4e68428c4947907334ca11703c060fc35bbc"
#define PROTECTED_P521 \
	"{\"alg\":\"ECDH-ES+A256KW\",\"enc\":\"A256GCM\",\"epk\":{\"crv\":\"P-521\",\"kty" \
	"\":\"EC\",\"x\":\"AU_annRYqQoAWAMukK3o8eQaA9JphAXwY5ssZQdvYGBPT__5C6p5qX8HqUiKCD" \
	"hdGr7zoT75p_oKe3PI-MQjuRgN\",\"y\":\"AIcCFBE7KgtLptAIxg-oevFF3vYQTnBVtZZOytKsNzB" \
	"B0PK8am1gQq829_kwln5NitTVFn-UfwWkzfpQucjEpQD-\"}}"
#define JWE_RSA \
	"{\"protected\":\"eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0\",\"encrypt" \
	"ed_key\":\"fzdSWOrY9morWtJYXQ8LgRg16IGJFhBiocNy_1KSOd-rr26ZFR0QcGYeW2Oi2vREzZfRY" \
	"IN-6zK5TIMh_wFC4WVSptU9UoxTD8_H38larLLtnZBBJUqfDmosJBhi1--bN5F-KPVub6I0uOocZCdxf" \
	"zy16RdqxqZCuniWSPkvaYZ73j4D_0o32q-NYeUPrl1eopb3EJ69H0Xh67xD6xppOxB-FS1ei4pukjp9c" \
	"gOYTwAosHXffMsrxqm7nzhgzxHA03T4IU9Ao7uYu8Pu-0_60SbAFdJEtQKXbX0qzIudlV7oLeSFcRO8r" \
	"rQEZ1zIfPWFbONACznQB9ELv5Ka1_d3aQ\",\"iv\":\"oKGio6Slpqeoqaqr\",\"ciphertext\":" \
	"\"u-5yXIqA-VRZHyCN-sxYhI5kkOfsbno\",\"tag\":\"od5xnW67_v74AFFmzFsnCA\"}"
#define JWK_RSA \
	"{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP-256\",\"n\":\"yoRfAGcY5YbOpmpiidYI6EbmSG_wOW" \
	"S4nzXbgEIsSwhbJ29cGXtLCPJ2KuWVv44tDEKSl8Ym8bxiSPYgm9C6XkfgV4rs6mMkiLD8QJuYv58rBb" \
	"t5RrJgn9KixjjBn2lEAIPDtn02siHu9bOLeHAQzNMeKGXFhfgkIqR7o3DpUUhbGYMQf7cq7yPTfghhcc" \
	"KmyxenIH3paB8asrWbpuYvzOdJ0MZ3Tzmb_j0bwg1MSFLZGnNB_NwIOj6d14kuY8TDqcN5Z49MhIK-PJ" \
	"KMf3BuF04RUKm03j9yOw5RgvaSGK8zyl6lwi8U4IJGeScLxgODWyyT5WerqvkiJFxuE4MlSw\",\"e\"" \
	":\"AQAB\",\"d\":\"SDAxMRKO9Fo-VWG8qEdsO2fydEW6iqrViKMJEEoGQeTDoWX3nXmugIz1BEt8Oq" \
	"Dye9lLKeDPRwIQwtNBQml_1VWnqWzzEIWwoyz7bghIxZ12F4ABNesluDK8JQ5cLne2bryJSgaONacU5-" \
	"5NO-wugOSMbngAlcWjE9ov3E3GTVtrzzzX0IuzkoGP1on4cOdax1hg1wyI9ejOt2RdFG4s2YnEaSnzxD" \
	"A8apkx2fKX-0QE63iJ08KLNJkZSQhX900f4VZ86janHcNHC71oD9DhqcC4ze16-ZaWu3cl2nF_n8fNuA" \
	"zNRw4greIFhGWgAOmVZu69op4_KSTFYhx61DFAuQ\",\"p\":\"8PaIzFcThPa2pfNNkvYDIF4XTDp_F" \
	"NpHXMr-yHgUw7X82rx6iqis9CjlTccRoXb4W5q_F9rJx0ep4jkeEeFwIf96XLCCpkgzOFr4rDtmUOs2h" \
	"vFXgr58jjFiEPreGueIYrH5CBKFwbxhWpSVXgTkaIP4TwygNZZQ1pkDgx5Jq0U\",\"q\":\"1yemUvW" \
	"W1iyeumlXae4folF7qEg-oVRYrAIAqF7bZvxsJkLgfRpm6HqfU0yV7g9u2VYLtVAahxdJ1VCeGdmf3sD" \
	"d7Mk-wjgIU_-OdaNE2I31H_sR-C-iRmOe-ljqaBPHQPXqfo4JWHHkl0Ro8-pUaggWk4kOzZcpgt0hsuu" \
	"JT08\",\"dp\":\"mXAjhBserth7Tgk0KJTHQOEpbL0DF0A3mPsaaoUsk8NbE95ZGdp257Ly8SgGLg8X" \
	"7x0G-iWzv1X-87LzVud7A-su-77aMxBerVAgcWwRpw1gV2VvGC48Gj-P9sgIjpFI46_4qA9DZS6Tv55F" \
	"zuzGlVcT0yJzEix5pW0iM2gh-RE\",\"dq\":\"NanECEkM-Bpk9KW1kcw8w6WDLDPouyBohW5yb4xJO" \
	"OSYrOpdR5bAOBftiT8-3gOnaDnX7b8u_qbGWZgj9tqaz1pXf-mp55NGMH07MQgp8cFmdDWRA9ANr3TFg" \
	"DeRL6hPOFqdxDb1CcROeZQsgTnfGBswVlgHAyxCxEsXTqMEum0\",\"qi\":\"7WAcbcrCN1dAtOSohz" \
	"zCjk33oA_q9LCuYayfu8ESaqtujFrtDEKdKSYEPeGjAPKbOr8kemrcGqywxrwcM59uPenmp61xxmfXzj" \
	"4xb1TyzrpxcGM2m1Fu8nvShicX9WtU15uufBfB9QhECajfDTI2YVQQvoQ_21V0npj6HSULqkw\"}"
#define D_P256 "f89c36e32259806af28d10cddb21538691db7ca501f07f996aafafda042ade22"
#define JWK_P256 \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ECDH-ES+A256KW\",\"x\":\"uJbUHgJdSbH" \
	"9iZPGp0ihHFHgHCFk5ZzugQmZngW_65I\",\"y\":\"NTeU_5QWdxnGi_B7OrEz2cRDQh5obniMZbT-A" \
	"633_oo\"}"
#define D_P521 \
	"000038a2afee8ff1dab8fe665cb3f9c5b8391255885df765293bcc7417a884822a61e2e30c3eb106" \
	"9b86442fc870b94efa413dd2006474f901865cfe319313fc7a4b"
#define JWK_P521 \
	"{\"kty\":\"EC\",\"crv\":\"P-521\",\"alg\":\"ECDH-ES+A256KW\",\"x\":\"APLunmaaKsi" \
	"G0xc66yJGEQ3zPQSa2PQl0v3yVDxqaeXW5PuMT4YpZmbarCjwg1zpeqy5EhhuEStnAm1-fD_wCAAv\"," \
	"\"y\":\"AWm9Tw1dtQ9qONFBvYZu5PJ2QgXetx1jWDKnpQGZS0TfN8BDtp_Tv7lpwQBaLRbe02sq3UeF" \
	"jlIBqe-wToCLHAYw\"}"
#define D_TOKEN "629b1903ada5697b9d5e315b0ed140994918300be11f76ed373edbc23f291c65"
#define TOKEN \
	"eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiIsImp3ayI6eyJhbGciOiJFUzI1NiIsImt0eSI6IkVDIiwi" \
	"Y3J2IjoiUC0yNTYiLCJ4IjoiRWNNZHN3WUQwNUFxVWt1TmdTUzFieFF1WWQzR2NjYXREeXh3amllSWhp" \
	"TSIsInkiOiIwZHo0bE00RzBaam1fMzk2RFN0Q2w5bTNjaHdUVFh4c0J3Unc3Qjk5di1BIn19.eyJlYXR" \
	"fcHJvZmlsZSI6InRhZzpnaXRodWIuY29tLDIwMjQ6Y29uZmlkZW50aWFsLWNvbnRhaW5lcnMvVHJ1c3R" \
	"lZSIsImlhdCI6MTcwMDAwMDAwMCwiZWFyLnZlcmlmaWVyLWlkIjp7ImRldmVsb3BlciI6Imh0dHBzOi8" \
	"vY29uZmlkZW50aWFsY29udGFpbmVycy5vcmciLCJidWlsZCI6ImF0dGVzdGF0aW9uLXNlcnZpY2UgMC4" \
	"xLjAifSwic3VibW9kcyI6eyJjcHUwIjp7ImVhci5zdGF0dXMiOiJhZmZpcm1pbmciLCJlYXIudHJ1c3R" \
	"3b3J0aGluZXNzLXZlY3RvciI6eyJpbnN0YW5jZS1pZGVudGl0eSI6MCwiY29uZmlndXJhdGlvbiI6Miw" \
	"iZXhlY3V0YWJsZXMiOjMsImZpbGUtc3lzdGVtIjowLCJoYXJkd2FyZSI6MiwicnVudGltZS1vcGFxdWU" \
	"iOjAsInN0b3JhZ2Utb3BhcXVlIjowLCJzb3VyY2VkLWRhdGEiOjB9LCJlYXIuYXBwcmFpc2FsLXBvbGl" \
	"jeS1pZCI6ImRlZmF1bHQiLCJlYXIudmVyYWlzb24uYW5ub3RhdGVkLWV2aWRlbmNlIjp7InJlcG9ydF9" \
	"kYXRhIjoiSWRGNlVGR3YzL2pDZitrU1BrR3RTS3FpbFRGUEZjR21MTXF4ZVhvb201R0F4UE5Odms3UnJ" \
	"lOE9ieFlWN1Y0YyIsInJ1bnRpbWVfZGF0YV9jbGFpbXMiOnsiYWRkaXRpb25hbC1ldmlkZW5jZSI6IiI" \
	"sIm5vbmNlIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EeEFSRWhNVUZSWVhHQmthR3h3ZEhoOD0iLCJ0ZWU" \
	"tcHVia2V5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJhbGciOiJFQ0RILUVTK0EyNTZLVyIsIng" \
	"iOiJ1SmJVSGdKZFNiSDlpWlBHcDBpaEhGSGdIQ0ZrNVp6dWdRbVpuZ1dfNjVJIiwieSI6Ik5UZVVfNVF" \
	"XZHhuR2lfQjdPckV6MmNSRFFoNW9ibmlNWmJULUE2MzNfb28ifX0sInNhbXBsZSI6eyJzdm4iOiIxIiw" \
	"ibGF1bmNoX2RpZ2VzdCI6ImFiY2RlIiwiZGVidWciOmZhbHNlLCJwbGF0Zm9ybV92ZXJzaW9uIjp7Im1" \
	"ham9yIjoxLCJtaW5vciI6NH19fX19LCJleHAiOjQxMDI0NDQ4MDAsImlzcyI6IkNvQ28tQXR0ZXN0YXR" \
	"pb24tU2VydmljZSJ9.soqN0ZmgrKWHDvjpo6ebjVnfTd-8JQeBm4Z47n5vTKT4PZ-O0-BLxbSZCdePEl" \
	"Z7-gvkpEwDrhZq1KeeFpKjQQ"
#define JWK_SEALED \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES256\",\"x\":\"iDz-s3NYlTxZL_VEbPw5" \
	"kQA0e4g6JS7oQYhNI2B2uIU\",\"y\":\"2zRkdFC_uv99BnvYbpOSX8pCXNUZ8cpse_Wt3dAXrVY\"}"
#define SEALED \
	"eyJhbGciOiJFUzI1NiIsImtpZCI6ImticzovLy9kZWZhdWx0L3NpZ25pbmcvMSJ9.eyJ2ZXJzaW9uIjo" \
	"iMC4xLjAiLCJ0eXBlIjoidmF1bHQiLCJuYW1lIjoia2JzOi8vL2RlZmF1bHQva2V5LzEiLCJwcm92aWR" \
	"lciI6ImticyIsInByb3ZpZGVyX3NldHRpbmdzIjp7fSwiYW5ub3RhdGlvbnMiOnt9fQ.SO-e7KZg-afA" \
	"DP51DxUYD4I8zz5T-xoRAvYR4MUiQnMczpkGoka0abqUH0kBFaWUbzt5K84y-R7_LoGD5NnQEw"
#define SEALED_PAYLOAD \
	"{\"version\":\"0.1.0\",\"type\":\"vault\",\"name\":\"kbs:///default/key/1\",\"pr" \
	"ovider\":\"kbs\",\"provider_settings\":{},\"annotations\":{}}"
/* Protocol 0.1.x, for JWK_RSA and with the same CEK, IV and plaintext: RSA1_5 as the Python package
 * `cryptography` makes it, of the content key, of one of 31 and one of 52 bytes, and a block of
 * type 1; AES-GCM without additional data, its tag at the end. */
#define LEGACY_HEADER "{\"alg\":\"RSA1_5\",\"enc\":\"A256GCM\"}"
#define LEGACY_IV "oKGio6Slpqeoqaqr"
#define LEGACY_CIPHERTEXT \
	"u-5yXIqA-VRZHyCN-sxYhI5kkOfsbnpwwCZ6TzuML9ZAWmtbmp7W"
#define LEGACY_KEY \
	"jU1OwVDccXzeID-HIJFCHio7TRanmX0rA3ct1WQmZ6XEV9fhNUQwpJr3WEd_ahjrQfIo4uJ9Owpq56oZ" \
	"HBIn6IAb6ExCYBwMpOiT_d3aGqBa4C1B1XN6S4LVpaB6CkoNUsMfqNZ1sgRCS572Jn1awCMssZSBNXgN" \
	"iYvlJUb6fVUQFPXyZC7my-Iu2Phm1EX2e_7mBBj6OWXJwMBV1tZjxHopiotRy85AtSP1n9AfhHYtTjHN" \
	"O8bi3Abmac-RewDwPC-MyDAnkcHwIFx4v1vhOPkVVCEG6TUhw6Bl2h6logOshgTwdnISSR1v8kyibZPw" \
	"8dGne2AaoS7tCLWdObiTuQ"
#define LEGACY_KEY_31 \
	"KdSznyJP-tbzW1vdgY3lR0hcfWsQG0sQBkfBgI4fH1KVG3kQuaLy5ZzIoPghS7IzyB-J5ZpOyjW0gxqE" \
	"5vKIcjBk86FcGTt505x3QT94Kflb0VUzdzyXFLPQUzm4CoShhplw0kNgTOQHIMZMEbV7M7uwr09Cldzx" \
	"1KslfC3NuByGj_1ajVGNkXTsI0dGNAK5QPUbzhO_7W-62FUVGo14ld3CGaYcudilz_379hKINfBtI9wM" \
	"JQcTN7SRnbiMSCZ6oNO1M7Y87akWuWPiJs6w_dXOBh9KX8HdAC2OsZ8jtlC-s6_q7XvbczMHMUDaqccI" \
	"4dABfeDwnlZqFD0gxYnsBA"
#define LEGACY_KEY_52 \
	"q-_UyT0EXf83wWmYE6DoLSrEc4DotxuaJ-J0bTgkrdIQaNOvteBCieAi900gIJbb6Pb1t8RZGK7c0wjQ" \
	"6NQTAKaxYLQkN1C7x5cnxjk-rJj69CGY5Woqh0m3NfxnnlKeuEB2vULX8gbX2YLalz0PzniPBuVyr791" \
	"WlmWEX8EdS89YYG5ShxgMnXbQ4wNhmmgCS119940oKYveJBQGAcbCUvcNx1jCnm_AUBrwD4Z-VRVHHqc" \
	"66paTQXw1DRDuczWmTd5heoJvnNY8mDAtrnV-BWTloUgpt26UuG3ApGvwewyOOh9YVaKK3p2DQ1GhEE_" \
	"80ucsjiAxLEzi8xMZ5dquw"
#define LEGACY_KEY_TYPE_1 \
	"SutIiWMTq9b5RTNKMtnam8q8nU3AWgWPhpw34Hw7dopkC1IPi_etSI-JTq2q9qwo61lGdzbjQCo_mI9H" \
	"4Uc4sjk2kE-Ax-tp00eF375E3FbE9guUWC682gGvyAlRwZxNLhuyg6GuPDySfDNQ1gFIfT0Bq6BDZFEK" \
	"rl2fA438y7xCUUrj9jnLbtTZZDrOFmvOJdr5CokbjsNBJQui-5EK3KxGJ7Bonh6BVC-KNaAhT4yvtAHI" \
	"htf73mhv7AjOFtkCBJ0LkTWrQ5gi5gjBaK-vdtiNQjoxmmfWT4tNeCt2maoL1H8h2q1kL8QX1DBZgxAO" \
	"WuMUqyTsM5mGhtAhd2a1bw"
/* clang-format on */

/* what all the JWEs hold, the key inside and its nonce */
#define JWE_PLAINTEXT "6c617463686b65792070617373706872617365200001ff"
#define JWE_CEK	      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
#define JWE_IV	      "a0a1a2a3a4a5a6a7a8a9aaab"
#define EPK_D_P256    "47e5338002c02f9ee312c9649388b0233b520e1acd0524fe71c95436db3087e2"
