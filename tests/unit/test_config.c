/* SPDX-License-Identifier: Apache-2.0 */
/* Files under tables: types, spellings, what is missing or unknown, printing and reading back,
 * and the corpus of texts that the language must take. */
#include "core/config.h"
#include "core/json.h"
#include "core/secret.h"
#include "tests/check.h"

enum { RED, GREEN };

struct thing {
	char *text, *must, *secret, *pem, *command, *kind;
	struct lk_strings list, many, args;
	bool flag, other;
	int64_t number, wait, size;
	int choice, maybe;
	struct lk_bytes hash;
};

#define AT(f) .offset = offsetof(struct thing, f)
static const char *const colours[] = { "red", "green", NULL };
static const char *const old_text[] = { "txt", "string", NULL };
static const struct lk_key keys[] = {
	{ "text", old_text, LK_T_STRING, AT(text), .help = "A text." },
	{ "must", .type = LK_T_STRING, LK_K_REQUIRED, AT(must), .example = "\"x\"", .help = "M." },
	{ "secret", .type = LK_T_STRING, LK_K_SECRET, AT(secret), .help = "S." },
	{ "pem", .type = LK_T_STRING, LK_K_PEM_OR_PATH | LK_K_FILE_CA, AT(pem), .help = "P." },
	{ "command", .type = LK_T_STRING, LK_K_COMMAND, AT(command), .help = "C." },
	{ "kind", .type = LK_T_STRING, AT(kind), .choices = colours, .fallback = "red",
	  .help = "K." },
	{ "list", .type = LK_T_STRINGS, AT(list), .min = 0, .max = 3, .help = "L." },
	{ "many", .type = LK_T_STRINGS, LK_K_ONE_OR_MANY, AT(many), .help = "N." },
	{ "args", .type = LK_T_STRINGS, LK_K_MASKED, AT(args), .help = "A." },
	{ "flag", .type = LK_T_BOOL, AT(flag), .fallback = "true", .help = "F." },
	{ "other", .type = LK_T_BOOL, AT(other), .help = "O." },
	{ "number", .type = LK_T_INT, AT(number), .fallback = "2", .min = 1, .max = 8,
	  .help = "Number." },
	{ "wait", .type = LK_T_DURATION, AT(wait), .fallback = "5m", .min = 1000, .help = "W." },
	{ "size", .type = LK_T_SIZE, AT(size), .max = 1 << 30, .help = "Size." },
	{ "choice", .type = LK_T_CHOICE, AT(choice), .fallback = "green", .choices = colours,
	  .help = "Choice." },
	{ "maybe", .type = LK_T_CHOICE, AT(maybe), .choices = colours, .help = "Maybe." },
	{ "hash", .type = LK_T_HEX, AT(hash), .min = 2, .max = 4, .help = "H." },
	{ "internal", .type = LK_T_BOOL, LK_K_HIDDEN, AT(other), .help = "I." },
	{ 0 },
};

static void thing_free(struct thing *t)
{
	lk_keys_free(keys, t);
}
#define THING LK_CLEANUP(thing_free) struct thing

static struct lk_error err;

static enum lk_status read_thing(const char *file, const char *text, size_t len, struct thing *t)
{
	LK_CONFIG_FILE *cfg = NULL;
	enum lk_status st;

	lk_json_setup();
	err = (struct lk_error){ 0 };
	st = lk_config_parse(file, text, len, &cfg, &err);
	if (!st)
		st = lk_config_fill(cfg, "s", keys, true, t, &err);
	if (!st)
		st = lk_config_finish(cfg, NULL, &err);
	return st;
}

/* The chain and code of a text that must be refused; `text` stands behind "[s]\nmust = 'x'\n". */
static const char *refusal(const char *file, const char *text, enum lk_code code)
{
	static char buf[1024];
	LK_FREE char *whole = NULL;
	THING t = { 0 };

	if (asprintf(&whole, "[s]\nmust = 'x'\n%s", text) < 0)
		abort();
	if (read_thing(file, whole, strlen(whole), &t) == LK_OK)
		return "accepted";
	if (err.status != LK_CONFIG || err.code != code)
		return "wrong code";
	return lk_error_format(&err, buf, sizeof(buf));
}

#define CONF(text, code, part) CHECK_HAS(refusal("f.conf", text, LK_C_CONFIG_##code), part)
#define TOML(text, code, part) CHECK_HAS(refusal("f.toml", text, LK_C_CONFIG_##code), part)

static void good(const char *file, const char *text, struct thing *t)
{
	LK_FREE char *whole = NULL;

	if (asprintf(&whole, "[s]\nmust = 'x'\n%s", text) < 0)
		abort();
	CHECK_OK(read_thing(file, whole, strlen(whole), t));
}

TEST(duplicates_refused)
{
	CONF("text = a\ntext = b\n", SYNTAX, "f.conf:4: key 'text' stands in line 3");
	CONF("[s]\n", SYNTAX, "section [s] stands in line 1");
	CONF("text = a\ntxt = b\n", SYNTAX, "f.conf:4: 'txt' is another spelling of 'text'");
	CONF("txt = a\nstring = b\n", SYNTAX, "'string' is another spelling of 'txt'");
}

TEST(unknown_refused)
{
	THING t = { 0 };

	CONF("muts = a\n", UNKNOWN, "[s] has no key 'muts'; the nearest is 'must'");
	CONF("\n[t]\nx = 1\n", UNKNOWN, "f.conf:4: no section [t]; the nearest is [s]");
	CONF("[encrypt]\n", UNKNOWN, "no section [encrypt]");
	CONF("Flag = true\n", UNKNOWN, "the nearest is 'flag'");
	CHECK_EQ(read_thing("f", "a = 1\n[s]\nmust = b\n", 19, &t), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_UNKNOWN);
}

TEST(required)
{
	THING t = { 0 };
	char buf[512];

	CHECK_EQ(read_thing("f.conf", "\n[s]\n", 5, &t), LK_CONFIG);
	CHECK_EQ(err.code, LK_C_CONFIG_MISSING);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), "f.conf:2: [s] needs the key 'must'");
	lk_keys_free(keys, &t);
	CHECK_EQ(read_thing("f.conf", "", 0, &t), LK_CONFIG);
	lk_keys_free(keys, &t);
	CHECK_EQ(read_thing("f.conf", "[s]\nmust = ''\n", 14, &t), LK_CONFIG);
	CHECK_HAS(lk_error_format(&err, buf, sizeof(buf)), "'must' must not be empty");
}

TEST(types_refuse)
{
	TOML("text = 1\n", VALUE, "f.toml:3: 'text' takes one text in quotes");
	TOML("text = true\n", VALUE, "in quotes");
	CONF("text = ['a']\n", VALUE, "takes one text");
	CONF("flag = yes\n", VALUE, "true or false");
	CONF("flag = True\n", VALUE, "true or false");
	CONF("flag = 'true'\n", VALUE, "without quotes");
	CONF("flag = 1\n", VALUE, "true or false");
	CONF("number = '1'\n", VALUE, "takes an integer, without quotes");
	CONF("number = 01\n", VALUE, "takes an integer");
	CONF("number = true\n", VALUE, "takes an integer");
	CONF("number = 0\n", VALUE, "at least 1 and at most 8");
	CONF("number = 9\n", VALUE, "at least 1 and at most 8");
	CONF("wait = 5\n", VALUE, "takes a duration");
	CONF("wait = 5x\n", VALUE, "takes a duration");
	CONF("wait = -5s\n", VALUE, "takes a duration");
	CONF("wait = 05s\n", VALUE, "takes a duration");
	CONF("wait = 5 s\n", VALUE, "takes a duration");
	CONF("wait = 9223372036854775807ms\n", VALUE, "takes a duration");
	CONF("wait = 9223372036854775807s\n", VALUE, "takes a duration");
	CONF("wait = 999ms\n", VALUE, "at least 1s");
	TOML("wait = 5\n", VALUE, "takes a duration in quotes");
	CONF("size = 512MB\n", VALUE, "takes a size");
	CONF("size = 2G\n", VALUE, "at most 1G");
	TOML("size = 4096\n", VALUE, "in quotes");
	CONF("choice = blue\n", VALUE, "takes one of: red, green");
	CONF("choice = Red\n", VALUE, "takes one of: red, green");
	CONF("kind = blue\n", VALUE, "takes one of: red, green");
	CONF("hash = abc\n", VALUE, "hexadecimal");
	CONF("hash = xxyy\n", VALUE, "hexadecimal");
	CONF("hash = ab\n", VALUE, "2 to 4 bytes");
	CONF("hash = abababab01\n", VALUE, "2 to 4 bytes");
	TOML("hash = 1234\n", VALUE, "in quotes");
	CONF("list = a\n", VALUE, "'list' takes an array");
	CONF("list = [1]\n", VALUE, "each in quotes");
	CONF("list = ['a','b','c','d']\n", VALUE, "0 to 3 items");
	TOML("many = 1\n", VALUE, "a text in quotes or an array");
	CONF("pem = ca.pem\n", VALUE, "an absolute path or PEM text");
	CONF("pem = ''\n", VALUE, "must not be empty");
	CONF("pem = '-----BEGIN CERTIFICATE-----'\n", VALUE, "PEM text that is not whole");
	CONF("command = ./run\n", VALUE, "absolute path");
	CONF("command = ''\n", VALUE, "must not be empty");
	CONF("command = \"/a\\nb\"\n", VALUE, "on one line");
}

TEST(values_stay_secret)
{
	CONF("number = hunter2\n", VALUE, "takes an integer");
	CHECK(!strstr(refusal("f.conf", "number = hunter2\n", LK_C_CONFIG_VALUE), "hunter2"));
	CHECK(!strstr(refusal("f.conf", "secret = ['hunter2']\n", LK_C_CONFIG_VALUE), "hunter2"));
	CHECK(!strstr(refusal("f.conf", "secret = 'hunter2' x\n", LK_C_CONFIG_SYNTAX), "hunter2"));
}

TEST(defaults)
{
	THING t = { 0 };

	good("f.conf", "", &t);
	CHECK(!t.text && !t.secret && !t.pem && !t.list.items && !t.hash.data);
	CHECK(t.flag && !t.other);
	CHECK_EQ(t.number, 2);
	CHECK_EQ(t.wait, 300000);
	CHECK_EQ(t.size, 0);
	CHECK_EQ(t.choice, GREEN);
	CHECK_EQ(t.maybe, -1);
	CHECK_STR(t.kind, "red");
}

TEST(declared_type_decides)
{
	THING conf = { 0 }, toml = { 0 };

	good("f.conf",
	     "txt = 0123\nlist = []\nmany = true\nflag = false\nnumber = 8\nwait = 90s\n"
	     "size = 4096\nchoice = red\nmaybe = green\nhash = 1234\npem = /etc/ca.pem # c\n",
	     &conf);
	CHECK_STR(conf.text, "0123");
	CHECK(conf.list.items && conf.list.n == 0);
	CHECK_EQ(conf.many.n, 1);
	CHECK_STR(conf.many.items[0], "true");
	CHECK(!conf.flag);
	CHECK_EQ(conf.wait, 90000);
	CHECK_EQ(conf.size, 4096);
	CHECK_EQ(conf.choice, RED);
	CHECK_EQ(conf.maybe, GREEN);
	CHECK_MEM(conf.hash.data, "\x12\x34", 2);
	good("f.toml",
	     "string = \"0123\"\nlist = []\nmany = ['true']\nflag = false\nnumber = 8\n"
	     "wait = \"90s\"\nsize = '4K'\nchoice = \"red\"\nmaybe = 'green'\nhash = '1234'\n"
	     "pem = '/etc/ca.pem'\n",
	     &toml);
	CHECK(lk_keys_equal(keys, &conf, &toml));
	toml.number = 7;
	CHECK(!lk_keys_equal(keys, &conf, &toml));
	CHECK_STR(lk_key_choice(lk_keys_find(keys, "choice"), &conf), "red");
}

TEST(infinity)
{
	THING t = { 0 };

	good("f.conf", "wait = infinity\ntext = -0\n", &t);
	CHECK_EQ(t.wait, LK_FOREVER);
	CHECK_STR(t.text, "-0");
}

static void count(void *arg, const struct lk_error *problem)
{
	(void)problem;
	++*(int *)arg;
}

TEST(keep_going)
{
	static const char text[] = "[s]\nmust = ''\nflag = 1\nbogus = 2\nnumber = 4\n[t]\n";
	LK_CONFIG_FILE *cfg = NULL;
	THING t = { 0 };
	int n = 0;
	struct lk_problems problems = { count, &n, 0 };

	CHECK_OK(lk_config_parse("f", text, strlen(text), &cfg, &err));
	lk_config_collect(cfg, &problems);
	CHECK_OK(lk_config_fill(cfg, "s", keys, true, &t, &err));
	CHECK_OK(lk_config_finish(cfg, NULL, &err));
	CHECK_EQ(n, 4);
	CHECK_EQ(problems.n, 4);
	CHECK_EQ(t.number, 4);
}

/* What show prints for t; malloc'ed. */
static char *shown(const struct thing *t, bool notes)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	lk_keys_show(out, "s", keys, t, notes);
	fclose(out);
	return text;
}

static void reads_back(const char *file, const char *text)
{
	THING a = { 0 }, b = { 0 };
	LK_FREE char *first = NULL, *second = NULL;

	good(file, text, &a);
	first = shown(&a, true);
	CHECK_OK(read_thing("shown.toml", first, strlen(first), &b));
	CHECK(lk_keys_equal(keys, &a, &b));
	second = shown(&b, true);
	CHECK_STR(second, first);
}

TEST(shown_reads_back)
{
	reads_back("f.conf", "");
	reads_back("f.conf", "text = it's # so\nlist = ['', 'a b']\nmany = x\nargs = ['-p', 'pw']\n"
			     "secret = s\nwait = infinity\nsize = 1M\nhash = ABCD\nmaybe = red\n");
	reads_back("f.toml", "text = \"\\u0001\\u001f\\u007f\\u0080\\u009f\\u00a0\\U0001F511\\t\"\n"
			     "pem = '''\n-----BEGIN X-----\nAA==\n-----END X-----\n'''\n"
			     "wait = '1500ms'\nsize = '0'\nkind = 'green'\nflag = false\n");
}

/* Deterministic random bytes for the property: any text survives. */
TEST(any_text_reads_back)
{
	static const char *const pieces[] = { "a",
					      "\"",
					      "\\",
					      "'",
					      "\n",
					      "\t",
					      "#",
					      " ",
					      "\r",
					      "=",
					      "[s]",
					      "\xc3\xa9",
					      "\x01",
					      ";",
					      "\"\"\"",
					      "''",
					      "\xc2\x85",
					      "\x7f",
					      "\xf0\x9f\x94\x91" };
	uint32_t x = 1;
	int round, i;

	for (round = 0; round < 300; round++) {
		THING a = { 0 }, b = { 0 };
		LK_FREE char *text = NULL;
		char value[256] = "";

		for (i = 0; i < 24; i++) {
			x = x * 1664525 + 1013904223;
			strcat(value, pieces[(x >> 16) % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		good("f.conf", "", &a);
		a.text = strdup(value);
		text = shown(&a, false);
		CHECK_OK(read_thing(round % 2 ? "f.toml" : "f.conf", text, strlen(text), &b));
		CHECK_STR(b.text, value);
	}
}

TEST(show_hides)
{
	THING t = { 0 };
	LK_FREE char *text = NULL;

	good("f.conf", "secret = hunter2\nargs = ['-p', 'hunter3']\nnumber = 2\nsize = 1\n", &t);
	text = shown(&t, true);
	CHECK(!strstr(text, "hunter"));
	CHECK_HAS(text, "secret = \"(hidden)\"\n");
	CHECK_HAS(text, "args = [\"(hidden)\", \"(hidden)\"]\n");
	CHECK_HAS(text, "number = 2 # default\n");
	CHECK_HAS(text, "size = \"1\"\n");
}

TEST(sample_and_manual)
{
	static const struct lk_section section = { "s", keys, "A section - of things." };
	LK_FREE char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	THING t = { 0 };

	lk_section_sample(out, &section, false);
	fclose(out);
	CHECK_HAS(text, "# A section - of things.\n[s]\n");
	CHECK_HAS(text, "\nmust = \"x\"\n");
	CHECK_HAS(text, "\n#wait = \"5m\"\n");
	CHECK_HAS(text, "\n#number = 2\n");
	CHECK(!strstr(text, "internal"));
	CHECK_OK(read_thing("f.toml", text, len, &t));
	free(lk_take(text));
	out = open_memstream(&text, &len);
	lk_section_manual(out, &section);
	fclose(out);
	CHECK_HAS(text, ".SS \"[s]\"\nA section \\- of things.\n");
	CHECK_HAS(text, ".TP\n.B kind\n(one of red, green; default red)\nK.\n");
	CHECK_HAS(text, "Older spelling: txt, string.\n");
}

static enum lk_status note_file(void *arg, enum lk_file_kind kind, const char *path,
				struct lk_error *e)
{
	char *list = arg;

	(void)e;
	sprintf(list + strlen(list), "%s %s\n", lk_file_kind_name(kind), path);
	return LK_OK;
}

TEST(named_files)
{
	char list[256] = "";
	const struct lk_file_visitor visitor = { note_file, list };
	THING t = { 0 }, inline_pem = { 0 };

	good("f.conf", "pem = /etc/ca.pem\ncommand = echo\n", &t);
	CHECK_OK(lk_keys_files(keys, &t, &visitor, &err));
	CHECK_STR(list, "ca /etc/ca.pem\ncommand echo\n");
	*list = 0;
	good("f.conf", "pem = '''-----BEGIN X-----\nAA==\n-----END X-----'''\n", &inline_pem);
	CHECK_OK(lk_keys_files(keys, &inline_pem, &visitor, &err));
	CHECK_STR(list, "");
}

TEST(nearest)
{
	static const char *const known[] = { "kbs_url", "key_uri", "kbs_root_cert" };

	CHECK_STR(lk_nearest("kbs_ulr", known, 3), "kbs_url");
	CHECK_STR(lk_nearest("root_cert", known, 3), "kbs_root_cert");
	CHECK(!lk_nearest("x", known, 0));
}

/* -- texts that must be taken -- */

/* Parse only: the tables of their sections come elsewhere. */
static void parses(const char *file, const char *text)
{
	LK_CONFIG_FILE *cfg = NULL;

	lk_json_setup();
	err = (struct lk_error){ 0 };
	CHECK_OK(lk_config_parse(file, text, strlen(text), &cfg, &err));
}

TEST(corpus_files)
{
	static const char *const names[] = { "otp", "kbs",    "kms",	"oidc",	 "exec",
					     "fde", "global", "daemon", "sealed" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[256], text[16384];
		size_t n;
		FILE *in;

		snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/settings/%s.toml", LK_SOURCE_DIR,
			 names[i]);
		in = fopen(path, "r");
		CHECK(in);
		n = fread(text, 1, sizeof(text) - 1, in);
		text[n] = 0;
		fclose(in);
		parses("f.toml", text);
		parses("f.conf", text);
	}
}

TEST(corpus_client_key)
{
	THING t = { 0 };
	char text[5000], key[3500];
	char *p = text;

	memset(key, 'M', sizeof(key));
	key[3400] = 0;
	p += sprintf(p, "secret = '''\n{\n  \"KeyId\": \"KAAP.0\",\n  \"PrivateKeyData\": \"");
	p += sprintf(p, "%s==\"\n}'''\ntext = after\n", key);
	good("f.conf", text, &t);
	CHECK_EQ(strlen(t.secret), 3400 + 49);
	CHECK(strncmp(t.secret, "{\n  \"KeyId\"", 11) == 0);
	CHECK_STR(t.text, "after");
}

TEST(corpus_pem)
{
	THING t = { 0 };

	good("f.toml",
	     "   pem = \"\"\"\n-----BEGIN CERTIFICATE-----\nMIIB=\nAA==\n"
	     "-----END CERTIFICATE-----\n\"\"\"\n\ttext = 'kbs:///a#b;c'\n",
	     &t);
	CHECK_HAS(t.pem, "MIIB=\nAA==\n-----END");
	CHECK_STR(t.text, "kbs:///a#b;c");
}

TEST(empty_section_counts)
{
	LK_CONFIG_FILE *cfg = NULL;

	CHECK_OK(lk_config_parse("f.toml", "a = 1\n[encrypt.otp]\n[b]\n", 24, &cfg, &err));
	CHECK(lk_config_has(cfg, "encrypt.otp") && lk_config_has(cfg, "") &&
	      lk_config_has(cfg, "b"));
	CHECK(!lk_config_has(cfg, "encrypt"));
	CHECK_STR(lk_config_section(cfg, 0), "");
	CHECK_STR(lk_config_section(cfg, 1), "encrypt.otp");
	CHECK(!lk_config_section(cfg, 3));
}

TESTS(duplicates_refused, unknown_refused, required, types_refuse, values_stay_secret, defaults,
      declared_type_decides, infinity, keep_going, shown_reads_back, any_text_reads_back,
      show_hides, sample_and_manual, named_files, nearest, corpus_files, corpus_client_key,
      corpus_pem, empty_section_counts)
