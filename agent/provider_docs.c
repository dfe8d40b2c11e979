/* SPDX-License-Identifier: Apache-2.0 */
/* The providers told to people: lists, pages, and the manual in roff. */
#include "agent/provider_docs.h"

#include <string.h>

#include "core/config_lines.h"

#define WIDTH 92

static const struct lk_provider_doc none = { .where = "", .use = "", .needs = "", .example = "" };

static const struct lk_provider_doc *doc_of(const struct lk_provider *p)
{
	return p->doc ? p->doc : &none;
}

static const char *yes(bool v)
{
	return v ? "yes" : "no";
}

/* The columns of the comparison, the same wherever it is printed. */
struct row {
	const char *cells[7];
};

static const struct row titles = { { "PROVIDER", "ATTESTED", "CLOUD", "HARDWARE", "PERSISTENT",
				     "FOR", "USE" } };

static const char *attested(const struct lk_provider *p)
{
	const char *word = doc_of(p)->attested;

	return word ? word : yes(p->needs_attester);
}

static struct row row_of(const struct lk_provider *p)
{
	const struct lk_provider_doc *d = doc_of(p);

	return (struct row){ { p->name, attested(p), yes(d->cloud), yes(d->hardware),
			       yes(!d->temporary), d->where, d->use } };
}

static void list_row(FILE *out, const struct row *r)
{
	fprintf(out, "%-9s %-9s %-6s %-9s %-11s %-23s %s\n", r->cells[0], r->cells[1], r->cells[2],
		r->cells[3], r->cells[4], r->cells[5], r->cells[6]);
}

void lk_providers_list(FILE *out)
{
	size_t i;

	list_row(out, &titles);
	for (i = 0; lk_providers[i]; i++) {
		const struct row r = row_of(lk_providers[i]);

		list_row(out, &r);
	}
}

static void wrapped(FILE *out, const char *text)
{
	size_t column = 0, n;

	for (; *text; text += n) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (column && column + 1 + n > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%s%.*s", column ? " " : "", (int)n, text);
		column += n + 1;
	}
	fputc('\n', out);
}

/* What the machine must offer; the same words on the terminal and in the manual. */
static void print_demands(FILE *out, const struct lk_provider *p)
{
	fprintf(out,
		"network: %s; attestation: %s; runs a program: %s; same session for several "
		"volumes: %s\n",
		yes(p->needs_network), attested(p), yes(p->runs_programs),
		yes(p->same_session != NULL));
}

void lk_provider_show(FILE *out, const struct lk_provider *p)
{
	char name[LK_PROVIDER_SECTION];
	const struct lk_key *keys;
	size_t i;

	fprintf(out, "%s: %s\n", p->name, p->summary);
	print_demands(out, p);
	wrapped(out, doc_of(p)->needs);
	for (i = 0; (keys = lk_provider_keys(p, i, name)); i++) {
		const struct lk_section section = { name, keys, i ? p->tables[i - 1].help : NULL };

		lk_section_sample(out, &section, i > 0);
	}
	fprintf(out, "\n# A file of /etc/latchkey/volumes.d, NAME.toml:\n%s", doc_of(p)->example);
}

/* ---- manual ---- */

/* Text in roff: backslashes and hyphens escaped, no line begins with a control character. */
static void roff(FILE *out, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		start = *text == '\n';
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void manual_row(FILE *out, const struct row *r)
{
	size_t i;

	for (i = 0; i < sizeof(r->cells) / sizeof(r->cells[0]); i++) {
		fputs(i ? "\t" : "", out);
		roff(out, r->cells[i]);
	}
	fputc('\n', out);
}

static void manual_table(FILE *out)
{
	size_t i;

	fputs(".SH COMPARISON\n.TS\nl l l l l l l.\n", out);
	manual_row(out, &titles);
	fputs("_\n", out);
	for (i = 0; lk_providers[i]; i++) {
		const struct row r = row_of(lk_providers[i]);

		manual_row(out, &r);
	}
	fputs(".TE\n.PP\n"
	      "A provider is attested when the service releases the key only to what it has seen\n"
	      "proved to run; others release it to whoever holds a credential. A volume is\n"
	      "persistent when the same key opens it again at the next boot.\n",
	      out);
}

static void manual_provider(FILE *out, const struct lk_provider *p)
{
	fprintf(out, ".SS %s\n", p->name);
	roff(out, p->summary);
	fputs(".\n.PP\n", out);
	print_demands(out, p);
	fputs(".PP\n", out);
	roff(out, doc_of(p)->needs);
	fputs("\n.PP\nA file of volumes.d:\n.PP\n.nf\n.RS\n", out);
	roff(out, doc_of(p)->example);
	fputs(".RE\n.fi\n", out);
}

void lk_providers_manual(FILE *out)
{
	size_t i;

	fputs("'\\\" t\n.TH LATCHKEY\\-PROVIDERS 7 \"\" \"latchkey\" \"Miscellaneous\"\n"
	      ".SH NAME\nlatchkey\\-providers \\- where volume keys may come from\n"
	      ".SH DESCRIPTION\n"
	      "A volume names its provider by a table below\n"
	      ".B [encrypt]\n"
	      "in its file of\n"
	      ".IR volumes.d ,\n"
	      "the root in\n"
	      ".I fde.conf\n"
	      "by one below\n"
	      ".BR [rootfs.encrypt] .\n"
	      "The keys of each table are in\n"
	      ".BR latchkey.conf (5);\n"
	      ".B latchkey provider show NAME\n"
	      "prints those of one.\n",
	      out);
	manual_table(out);
	fputs(".SH PROVIDERS\n", out);
	for (i = 0; lk_providers[i]; i++)
		manual_provider(out, lk_providers[i]);
	fputs(".SH SEE ALSO\n.BR latchkey (8),\n.BR latchkey.conf (5)\n", out);
}
