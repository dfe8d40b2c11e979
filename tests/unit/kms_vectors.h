/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of the two protocols of Alibaba Cloud KMS: a client key, requests signed with it, and
 * requests signed with temporary tokens. All values are artificial; each was made with one
 * implementation and checked with another. */
#pragma once

/* clang-format off */
#define KMS_PASSWORD "0123456789abcdef0123456789abcdef"
#define KMS_KEY_ID "KAAP.5c8f3a10-1111-4222-8333-444455556666"
#define KMS_DATE "Fri, 02 Jan 2026 03:04:05 GMT"
#define KMS_PRIVATE_KEY_DATA										\
	"MIIJqwIBAzCCCXcGCSqGSIb3DQEHAaCCCWgEgglkMIIJYDCCBBcGCSqGSIb3DQEHBqCCBAgwggQEAgEA"		\
	"MIID/QYJKoZIhvcNAQcBMBwGCiqGSIb3DQEMAQYwDgQIcuktWtty8JICAggAgIID0BGPSRfXpTm0+9/I"		\
	"5RCGHwkrwyS9BcG8m5WiU7XsvHnbEKUCkkMmHLV9TTrZNFgd9c5u/hh1gHuMo7RngmTMCXTQD9UD3b7X"		\
	"QOs8pUhxueINDwFQ3Fov7ahVdWYyiDPFo2ybyfJH2rjsR+3ZKNYdjt3ZTtSfazrfuBmx1eGRfktDzjOv"		\
	"nirDjRy8hPjBK9b8ZPR58h8EEpnG7uSZ6ZwN/ErRuwXjYm4NDYjnVpgQqm+ihRWRphMGbh71XaujtqJX"		\
	"Lc849wUZCy4qbFgWxhI7qp14CaYVxVxGrU+WcmW0gRpyQHTWfRJoge8KHcvj2z1L7Auh3QN7G0cVJsQj"		\
	"NArmGlliLEnhykIjvbIc4nsdzBJr0nSFWpNcg1vwr5TDoWlgtsfYohXZ7CmTOQs7J1MUMsnaVWDUepJ+"		\
	"MUT4aFaCl+Lldy8SZGrRc2Hz9jzamPNmztv6RMU4FiXf7SxzG8Q3tarjOsJolfonq9Hv0scMd7xO5d2T"		\
	"dDa84zWQvulWs0yuLaar1L28DAgL+h/vadmv3UMm/EpwSPLNGY0cZEEfk6CLGBxmcSLSmwQsBjBV9VvT"		\
	"DTtXZyKUXQQWlhjlOZs3oNszxSEYEfw+MZQlOG+AIkEIlTCsq4Vm304EGMYPqKcEz7Epk2LAGqBiaHZt"		\
	"BcihFmYAzBhtHrWDEm0aEjcykRXvq1Baef6n0MApPT4XcC/Y+L9Urhkfzgmb7wBLcATdun1/NDh2KezT"		\
	"wvYbU90NHCeJLSSEV8NeaCrTHGjfg4H0ehMXYQxiubfX6Ot8j6QLN30675qKYBuYwzcxtTq1cFUHayJg"		\
	"xDU6GAwv3zRCOuW+d0pMmTJj/bmkEy+Yvx+eT7mbZlUYJIP/BnLEJZS1p/GKDc6gv4j+xD3ERAccstJd"		\
	"KTlNYEg7YACIssQknwTQLtbjtev51mgr4jXMsSTsf+5uaP8xI7axK7DjlbHOYdNwVbI9wnoEtvutuMEV"		\
	"VWQc7cE0TKQXnHBEM6ihTXvVmzl3IgT++l/UUCU3C6fJmlTbTwPxexiTG3D446goR5VlFc1FShQC/CZH"		\
	"AzYWcISeNVJzWhNaM/GM9dXLf/HwcxoOleIwJDdzzFbvo60Hwc1S2xNiXjfsJ8muQH6CUIm0/j1F8hd4"		\
	"DIwCB6PH6oTNQ5QdvJ9eogrbJwS4N/1LkmGx08PvlWd5d6SBaM7me5XSO1SJoMi4Xq8ObafhKRwT6/yV"		\
	"jgYljKax5wMUAOFydmy/7ZnG+Z0Xqr/k8C1NozpwkS1+UeZjFN4IrH1b+vaEbOxdYK7ly+YxmadmlpO7"		\
	"Tb5SuAswggVBBgkqhkiG9w0BBwGgggUyBIIFLjCCBSowggUmBgsqhkiG9w0BDAoBAqCCBO4wggTqMBwG"		\
	"CiqGSIb3DQEMAQMwDgQI+pdc2HBBtP4CAggABIIEyBpzbngi7s8oOz30jn+2zL01q6nVXqpfMJ/fxpEB"		\
	"EtGZX0EGCuZgYwn7XtkPjAH3qs2TCEvYFWpgmLZvsg2orpfZYxJB6KMkKITFtlxy5LZvtbb/AafnvKaf"		\
	"afDdEluRfsuAtjIzp1PPYI6zAZTWseRs4lEVFueeUGzbXQi8XgwRpfj8CMQFQJTsj7j4ZudH6f9L3yI4"		\
	"j8V6FwoY03XWXGai1CX4qlujcGrDghBCaMRg+fQ+GOEw4yTXyG7o1O2ijJYLjT0A+zO9WguT+Jjz47fQ"		\
	"gVzWTkUhhQd2fC3cJV2thepEKKzFbDmQUXkCwB2MrNYVNsKwC1A+7sRecqGbwwwki/eD6Br9j0vA6wG6"		\
	"BqScJ7zKoFqdhgBgF/zHZNWSgzmJdVMq5zjXOAATjBGqw/ZddaJ1dCP6S62uZPGTOuwkK0be7YjFyHnE"		\
	"CN82nVAw36OZUmb2PAF8QV1ZAguvZFA+JmLwF6vvaWrSXpkU1mdJ7QF2jgzXmF4Xxq8g3dutGQiTX6pJ"		\
	"oFF2amKLhsIZlczBEUYiFV/MPs1nGETGpZp/700L5bRaoBQoCXqR307nxLhQwyO7sPFb4tHyHYz+uT1c"		\
	"xHHniTC4fmpf/TGTo77P6idXi3cSPaJQaOFrn1IqQ0S2oYoxOKClX8GhMdV/IdG2zvxjhCximok0QaBr"		\
	"d0UU/qsbawuAYZq7ticmxg3gCf6uJWLXLlkfeP5WqC0HDvD6HSC+4HLWmcS9sWIFUf0tmJ0jP86/jJAw"		\
	"27zovLoP3eluYesPZW9hjcmVhpKqZihlXRsOD/Ef5cARsheDtTmqwel9x/D4zEyFISz02d6h/Cdp6DJY"		\
	"Of9Kqh3QLGhEcILFjYftPBO8nAXjQ/F+I7epsgxhpuqAgDyfk2vGdxp9xwthlkkempn8cBprx3nscmQJ"		\
	"dW3jAHAkY5P+Hd2YQLM/qHel/MMwu4HB09r5jsI7IQjqKdoEkwyZH7wFS89gdSSpmMyiAbIC9Atdj0Iv"		\
	"MuPSixANDpii1SIU1N5eOS7/YPT3cD9aRCv2kxD8KpuLerO/0Py7eeVCN0F6AaUoL0g+yonKDBxxS/IH"		\
	"TBjJcm1HwvQfVgOGjXjVYygfAbpWIR6K2M8OZG1CKgaYQ0t686tbalRfWg0t2GyomdlSSWha942Gk5nU"		\
	"34D1E6qlevt4be/B1wBykjrNG1AhH38RCd05ravYdWnb1mrVmGoVHJ3Jug1EBPB4xWtLUb2rOEwYNHEW"		\
	"FdrlmKa+qsb1nWWXVfZCWwzZocOdBwkARdQUjojamZpe9C2WXU9kiFd3F4jxT5FuXsEbCViCtD3IA2EA"		\
	"qGDMON8MwAS8RF4gIOyrOsu7mcSWdwMGbOOMkFRCiqqpUq11/zKBIMmVENSzXhDF3zPkrH14ps9YKk2X"		\
	"j3wHnRJNitYHYGruIvlC0umhoWYTsQPcpm7iim1/Ln1YV6Q1fxTubhCWNb0iBPnPE7o1zLD10xUY18si"		\
	"NYpxCN1rlesp3v3eBFEzj81u/5prBnZQaZNZL337djuODjqaCvDhjmzScUX4ckKlZ+/9YSQElQlnmlSX"		\
	"fHamZQQjsus2huMYf0g/VrXKfGvgws3z2mxlzIN6XyJ4ZFNsRV2bipaV5bKIWq0/mQ8UbUXM3zElMCMG"		\
	"CSqGSIb3DQEJFTEWBBQzIotq4eJyZdSN6wwwmnU1UPRGsTArMB8wBwYFKw4DAhoEFL61LkjrNjs4eEp6"		\
	"90q/7Wuxlrl4BAhZkRl0xjHM3A=="
#define KMS_GET_BODY											\
	"0a086469736b2d6b65792001"
#define KMS_GET_SHA256											\
	"CCF4D7B0324D6CD8C4B4C6D633F71ECBF666D5BC2186E1605B651E89090BEF96"
#define KMS_GET_SIGNATURE										\
	"a7Z45K3uUj1tdac8Ydrzc+ivuHbzytLRunQ90m3J+Q6bHE13hf9FtDxNrySg0alTc8gPT2xCVdhWkevRXYdUMJnm"	\
	"l8MuG3SBhlPvebgS8ulN3uULf2AVho8i9Fln0M6hIgcXnIUxq2ukoSTgqOl+pv/JC6dQKyB+MY8aMFij8TH5mscB"	\
	"HJqsnkvg6nBhuJ0oIrrK+vi3AQ/kWiYIZ+bzCucmF3yWy8/Uj7ueYuJqSCZsmXjkl0GwSRx3d3QOt2THTS3tL2ha"	\
	"Az16Y8qlXa8pitbAbicCmE0lC4pfS7nu/PJnRMingAlb8zjNd9daxQdjhNSnrKH/smkztB0T2ZqwIw=="
#define KMS_GET_VERSION_BODY										\
	"0a086469736b2d6b6579120a41435343757272656e741a0276312001"
#define KMS_GET_VERSION_SHA256										\
	"900C2AB614CC6B5AF1D7AF89C14CF682F4B796898CDE1EB5C3EFF2FF153CB963"
#define KMS_GET_VERSION_SIGNATURE									\
	"P2uHuu14zLoqTjCE24iBjRzpJGjIL6n+nMvUXpH4U3paVmrVv2shVxlXwYMEWweCaJbkL+6Uo6LZ6zO/wcT3Q9SH"	\
	"1d7SfgOJbrPWGD/gMYwZBzWxHZm19YbTSZBMv6SN1K0tz/PNDcOtcr/vmL2khOwAUzC19OoQviLLzG4sKlp/Wo48"	\
	"N2prhv7oF3/6y0LMrUffibR0h6Y7wwYLdn5THW01tnkZHfdKKbQpGFFIyqk9KqglIzC8fl9nAsiig0zn8aAFtMDy"	\
	"lVqlPMGcawGd3d5LQ0EaL6FwboQIaOAgGdzhyFwaBY4+erNMUlHKynddwqOTIYbujsZovOH/8a1tAg=="
#define KMS_ENCRYPT_BODY										\
	"0a106b65792d6c617463686b6579303030311220000102030405060708090a0b0c0d0e0f1011121314151617"	\
	"18191a1b1c1d1e1f1a074145535f47434d"
#define KMS_ENCRYPT_SHA256										\
	"77DAD71D46D31C11DDCF66056525B5B827EE9C2641CDCA47F5F088F6EC251983"
#define KMS_ENCRYPT_SIGNATURE										\
	"AHd2x+Vdrlukr2IYU93Uo3YGpUfFSZi0ATRGiHcadhxEQfgM1kU0YMYwjDkyifQ1lTD5qTjdiM2nhazJCSazboqc"	\
	"NhjZS4rSIMEuS8q810L6H2Vi0E2+4K6tYqJ8h66nL6PoTRHuKMByQUEzAYpMfe78xOMQ4AgB3W7twsXojFcuoDjb"	\
	"m2pAOiHUQF0fd+IXBp+osLcIS08yUGFh1Gj1Wdjt36rEVuwaW2OSDLOCxTP1KNrnj+Thq0DdO8voODqluTA9lPo2"	\
	"kv/2yQU9HVVhFjs5LAiFB8tzrO8q+wDHJYKYwKm72hKkadqErr6WiYjz5IOjiG3rOg3d8V9Da3GXOA=="
#define KMS_DECRYPT_BODY										\
	"0a309608060de79431b265369f37dbcc489e98d08f3818bfbe68ba7343f507765089d60028ac22c81a35c4df"	\
	"96aa8880c75212106b65792d6c617463686b6579303030311a074145535f47434d2a0ca0a1a2a3a4a5a6a7a8"	\
	"a9aaab"
#define KMS_DECRYPT_SHA256										\
	"21F54D48B2E0FA229D2C49D5C06E3ABB1D76D8778874BD66E24F60F82168FEED"
#define KMS_DECRYPT_SIGNATURE										\
	"eCNQ6Mb+KmKHKyVYJwny8Lmu3L6t70YfPHqSMNeQJyhfGh3nZVAEUbTYbMHGC+oeqwb+LuIha/1Y80Fw6IJ7a5IY"	\
	"3x777S6H296Xjx7wHMvyL7CJCe32EHN53LZnE8YCO9pmK/YWnaLduu4POywMJZzUFxwjXaSEXM5hjMhiNz7Xj1k/"	\
	"uzUbXQ+64NSC3b5lepSCUyw5JUl3j/O2fVsLl9B1LMIhTNKRL7b0U91Gs6E8widknURPtH91c4ORmiiL5CQq2ZnI"	\
	"Gj5BAEQAEQDcdJaUp7+gYFaUWZpyZjJdRlnRD5YjCCuRJ4jSuvO9V2SMXejT7yJkkr/BaSmysoCMww=="
#define KMS_GET_TO_SIGN									\
	"POST\n"	\
	"CCF4D7B0324D6CD8C4B4C6D633F71ECBF666D5BC2186E1605B651E89090BEF96\n"	\
	"application/x-protobuf\n"	\
	"Fri, 02 Jan 2026 03:04:05 GMT\n"	\
	"x-kms-acccesskeyid:KAAP.5c8f3a10-1111-4222-8333-444455556666\n"	\
	"x-kms-apiname:GetSecretValue\n"	\
	"x-kms-apiversion:dkms-gcs-0.2\n"	\
	"x-kms-signaturemethod:RSA_PKCS1_SHA_256\n"	\
	"/"
#define KMS_ENCRYPT_RESPONSE										\
	"0a106b65792d6c617463686b65793030303112309608060de79431b265369f37dbcc489e98d08f3818bfbe68"	\
	"ba7343f507765089d60028ac22c81a35c4df96aa8880c7521a0ca0a1a2a3a4a5a6a7a8a9aaab222436613365"	\
	"396333362d303030302d343030302d383030302d3030303030303030303030312a074145535f47434d"
#define KMS_DECRYPT_RESPONSE										\
	"0a106b65792d6c617463686b6579303030311220000102030405060708090a0b0c0d0e0f1011121314151617"	\
	"18191a1b1c1d1e1f1a2436613365396333362d303030302d343030302d383030302d30303030303030303030"	\
	"303222074145535f47434d"
#define KMS_GENERATE_BODY										\
	"0a106b65792d6c617463686b65793030303112074145535f47434d1820"
#define KMS_GET_RESPONSE										\
	"0a086469736b2d6b6579120747656e657269631a186332566a636d56304c58426863334e7761484a68633255"	\
	"3d2204746578742a0a41435343757272656e74320276313a14323032352d31322d33315430303a30303a3030"	\
	"5a422436613365396333362d303030302d343030302d383030302d303030303030303030303033"
#define KMS_ERROR											\
	"089403121a466f7262696464656e2e5265736f757263654e6f74466f756e641a135265736f75726365206e6f"	\
	"7420666f756e642e222436613365396333362d303030302d343030302d383030302d30303030303030303030"	\
	"3034"
#define RPC_STS_CANONICAL										\
	"AccessKeyId=STS.NTtestAccessKeyId01&Action=GetSecretValue&FetchExtendedConfig=true&Forma"	\
	"t=json&RegionId=cn-beijing&SecretName=disk-key&SecurityToken=CAISTestToken%2B%2Fabc~%2A%"	\
	"3D%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=41424344454647484A4B4C4D4E505152&Signatur"	\
	"eType=&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2016-01-20&Versio"	\
	"nId=&VersionStage="
#define RPC_STS_SIGNATURE										\
	"dWlmNA/D2EJ/i485skVr2LViWP4="
#define RPC_STS_TO_SIGN											\
	"POST&%2F&AccessKeyId%3DSTS.NTtestAccessKeyId01%26Action%3DGetSecretValue%26FetchExtended"	\
	"Config%3Dtrue%26Format%3Djson%26RegionId%3Dcn-beijing%26SecretName%3Ddisk-key%26Security"	\
	"Token%3DCAISTestToken%252B%252Fabc~%252A%253D%253D%26SignatureMethod%3DHMAC-SHA1%26Signa"	\
	"tureNonce%3D41424344454647484A4B4C4D4E505152%26SignatureType%3D%26SignatureVersion%3D1.0"	\
	"%26Timestamp%3D2026-01-02T03%253A04%253A05Z%26Version%3D2016-01-20%26VersionId%3D%26Vers"	\
	"ionStage%3D"
#define RPC_TORTURE_CANONICAL										\
	"AccessKeyId=STS.NTtestAccessKeyId01&Action=GetSecretValue&FetchExtendedConfig=true&Forma"	\
	"t=json&RegionId=cn-beijing&SecretName=a%20b%2Ac~d%2Fe%2B%C3%A9&SecurityToken=CAISTestTok"	\
	"en%2B%2Fabc~%2A%3D%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=41424344454647484A4B4C4D4"	\
	"E505152&SignatureType=&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2"	\
	"016-01-20&VersionId=v1&VersionStage=ACSCurrent"
#define RPC_TORTURE_SIGNATURE										\
	"nT3rLweG9KF9xmWPy0K98JI8Obg="
#define RPC_ROLE_CANONICAL										\
	"AccessKeyId=STS.NUecsRoleKey000001&Action=GetSecretValue&FetchExtendedConfig=true&Format"	\
	"=json&RegionId=cn-beijing&SecretName=disk-key&SecurityToken=CAISecsRole%2FToken%2B000%3D"	\
	"%3D&SignatureMethod=HMAC-SHA1&SignatureNonce=30313233343536373839616263646566&SignatureT"	\
	"ype=&SignatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2016-01-20&VersionI"	\
	"d=&VersionStage="
#define RPC_ROLE_SIGNATURE										\
	"A7MkaqC+ZBoU3fUNNhGAnHjv2K8="
#define RPC_ROLE_TO_SIGN										\
	"POST&%2F&AccessKeyId%3DSTS.NUecsRoleKey000001%26Action%3DGetSecretValue%26FetchExtendedC"	\
	"onfig%3Dtrue%26Format%3Djson%26RegionId%3Dcn-beijing%26SecretName%3Ddisk-key%26SecurityT"	\
	"oken%3DCAISecsRole%252FToken%252B000%253D%253D%26SignatureMethod%3DHMAC-SHA1%26Signature"	\
	"Nonce%3D30313233343536373839616263646566%26SignatureType%3D%26SignatureVersion%3D1.0%26T"	\
	"imestamp%3D2026-01-02T03%253A04%253A05Z%26Version%3D2016-01-20%26VersionId%3D%26VersionS"	\
	"tage%3D"
#define RPC_OIDC_CANONICAL										\
	"AccessKeyId=STS.NVoidcKey0000001&Action=GetSecretValue&FetchExtendedConfig=true&Format=j"	\
	"son&RegionId=cn-beijing&SecretName=disk-key&SecurityToken=CAISoidc%2BToken%2F0001%3D&Sig"	\
	"natureMethod=HMAC-SHA1&SignatureNonce=66656463626139383736353433323130&SignatureType=&Si"	\
	"gnatureVersion=1.0&Timestamp=2026-01-02T03%3A04%3A05Z&Version=2016-01-20&VersionId=&Vers"	\
	"ionStage="
#define RPC_OIDC_SIGNATURE										\
	"s7U488GWHrFcKq7FAvnD8WqrrZM="
#define RPC_OIDC_FORM											\
	"OIDCProviderArn=acs%3Aram%3A%3A113511544585%3Aoidc-provider%2FTestOidcIdp&OIDCToken=eyJh"	\
	"bGciOiJSUzI1NiJ9.eyJzdWIiOiJ2bS0xIn0.c2ln&RoleArn=acs%3Aram%3A%3A113511544585%3Arole%2Ft"	\
	"estoidc&RoleSessionName=zero-trust-session"
/* clang-format on */
