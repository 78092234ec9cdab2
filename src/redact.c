/*-------------------------------------------------------------------------
 *
 * redact.c
 *	  Texts of statements without the passwords in them.
 *
 * By words, not by grammar: a text may be cut off, or be a string within a
 * string, and a value that is taken out without need does no harm.  No SPI,
 * no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "port.h"

#define REDACTED "***"

/* A value whose name has one of these in it is not shown. */
static const char *const secret_words[] = {
	"password", "passwd", "passphrase", "secret", "token", "credential",
	"api_key", "apikey", "access_key", "private_key"
};

typedef struct Redaction
{
	const char *text;
	int			len;
	int			i;				/* what comes before is done */
	StringInfoData result;
} Redaction;

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || IS_HIGHBIT_SET(c);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool
word_is(const char *word, int len, const char *what)
{
	return len == strlen(what) && pg_strncasecmp(word, what, len) == 0;
}

static bool
is_secret(const char *word, int len)
{
	int			i;
	int			start;

	for (i = 0; i < lengthof(secret_words); i++)
	{
		int			n = strlen(secret_words[i]);

		for (start = 0; start + n <= len; start++)
		{
			if (pg_strncasecmp(word + start, secret_words[i], n) == 0)
				return true;
		}
	}
	return false;
}

static char
at(const Redaction *r, int i)
{
	return i < r->len ? r->text[i] : '\0';
}

static void
copy_to(Redaction *r, int end)
{
	appendBinaryStringInfo(&r->result, r->text + r->i, end - r->i);
	r->i = end;
}

static void
copy_blanks(Redaction *r)
{
	int			end = r->i;

	while (end < r->len && is_blank(r->text[end]))
		end++;
	copy_to(r, end);
}

/* How many of a character there are from here on. */
static int
run_of(const Redaction *r, int i, char c)
{
	int			n = 0;

	while (i + n < r->len && r->text[i + n] == c)
		n++;
	return n;
}

/* The length of $tag$ here; 0: there is none. */
static int
dollar_tag(const Redaction *r, int i)
{
	int			end = i + 1;

	if (at(r, i) != '$')
		return 0;
	while (end < r->len && is_word_char(r->text[end]))
		end++;
	return at(r, end) == '$' ? end + 1 - i : 0;
}

/*
 * Take out a literal that begins here, if one does.  In a string within a
 * string its quotes are doubled, and so on.
 */
static bool
redact_literal(Redaction *r)
{
	int			i = r->i;
	bool		escapes = false;
	int			tag;
	int			quotes;
	char		quote;

	if ((at(r, i) == 'E' || at(r, i) == 'e') && at(r, i + 1) == '\'')
	{
		escapes = true;
		i++;
	}
	else if ((at(r, i) == 'U' || at(r, i) == 'u') && at(r, i + 1) == '&' && at(r, i + 2) == '\'')
		i += 2;

	tag = dollar_tag(r, i);
	if (tag > 0)
	{
		int			end = i + tag;

		while (end < r->len &&
			   (end + tag > r->len || memcmp(r->text + end, r->text + i, tag) != 0))
			end++;
		copy_to(r, i + tag);
		appendStringInfoString(&r->result, REDACTED);
		r->i = end;
		copy_to(r, Min(end + tag, r->len));
		return true;
	}

	quote = at(r, i);
	if (quote != '\'' && quote != '"')
		return false;
	quotes = run_of(r, i, quote);
	/* is it empty? */
	if (quotes % 2 == 0 && !is_word_char(at(r, i + quotes)) && strchr(" \t\r\n,);:]}", at(r, i + quotes)))
	{
		copy_to(r, i + quotes);
		return true;
	}
	copy_to(r, i + quotes);
	appendStringInfoString(&r->result, REDACTED);
	for (i = r->i; i < r->len; i++)
	{
		if (escapes && r->text[i] == '\\')
			i++;
		else if (r->text[i] == quote)
		{
			int			n = run_of(r, i, quote);

			i += n;
			if (n % (quotes * 2) != 0)
			{
				r->i = i - n % (quotes * 2);
				break;
			}
			i--;
		}
	}
	if (i >= r->len && r->i < r->len && r->text[r->i] != quote)
		r->i = r->len;
	else
		copy_to(r, Min(i, r->len));
	return true;
}

/* A literal goes on in another one on a later line. */
static void
redact_continuation(Redaction *r)
{
	bool		literal = true;

	while (literal)
	{
		int			end = r->i;
		bool		line = false;

		while (end < r->len && is_blank(r->text[end]))
			line |= r->text[end++] == '\n';
		if (!line || at(r, end) != '\'')
			return;
		copy_to(r, end);
		literal = redact_literal(r);
	}
}

/* What follows the name of a secret, which began at start. */
static void
redact_value(Redaction *r, int start)
{
	bool		quoted = false;
	bool		separated = false;
	char		quote = at(r, r->i);

	/* is it a name in quotes? */
	if (quote == '\'' || quote == '"')
	{
		while (start > 0 && (is_word_char(r->text[start - 1]) ||
							 r->text[start - 1] == '.' || r->text[start - 1] == '-'))
			start--;
		quoted = start > 0 && r->text[start - 1] == quote;
		if (quoted)
			copy_to(r, r->i + run_of(r, r->i, quote));
	}
	copy_blanks(r);
	while (r->i < r->len && strchr(quoted ? "=:>," : "=:>", r->text[r->i]))
	{
		separated |= r->text[r->i] == '=';
		copy_to(r, r->i + 1);
	}
	copy_blanks(r);
	/* SET name TO value */
	if (word_is(r->text + r->i, Min(2, r->len - r->i), "to") && is_blank(at(r, r->i + 2)))
	{
		copy_to(r, r->i + 2);
		copy_blanks(r);
	}
	if (at(r, r->i) == '"' && !quoted)
		return;
	if (redact_literal(r))
		redact_continuation(r);
	else if (separated && !quoted)
	{
		int			end = r->i;

		while (end < r->len && !is_blank(r->text[end]) && !strchr("'\",;)&", r->text[end]))
			end++;
		if (end > r->i)
			appendStringInfoString(&r->result, REDACTED);
		r->i = end;
	}
}

/* The password in ://user:password@ */
static void
redact_url(Redaction *r)
{
	int			colon = 0;
	int			end;

	copy_to(r, r->i + 3);
	for (end = r->i; end < r->len; end++)
	{
		char		c = r->text[end];

		if (c == '@')
			break;
		if (is_blank(c) || strchr("/'\"", c))
			return;
		if (c == ':' && colon == 0)
			colon = end;
	}
	if (colon > 0)
	{
		copy_to(r, colon + 1);
		appendStringInfoString(&r->result, REDACTED);
		r->i = end;
	}
}

/*
 * mig_redact
 *		A copy of a text, in which *** stands for what follows words such as
 *		PASSWORD, for passwords in URLs, and for all options of user mappings.
 */
char *
mig_redact(const char *text, int len)
{
	Redaction	r = {text, len, 0};
	bool		user = false;
	bool		mapping = false;
	bool		options = false;

	initStringInfo(&r.result);
	while (r.i < len)
	{
		int			start = r.i;
		int			end = start;

		while (end < len && is_word_char(text[end]))
			end++;
		if (options && text[start] != '"' && redact_literal(&r))
			continue;
		if (end > start)
		{
			const char *word = text + start;

			copy_to(&r, end);
			if (word_is(word, end - start, "mapping") && user)
				mapping = true;
			if (mapping && word_is(word, end - start, "options"))
				options = true;
			user = word_is(word, end - start, "user");
			if (is_secret(word, end - start))
				redact_value(&r, start);
		}
		else if (strncmp(text + start, "://", Min(3, len - start)) == 0 && len - start >= 3)
			redact_url(&r);
		else
		{
			if (text[start] == ';' || (text[start] == ')' && options))
				mapping = options = false;
			copy_to(&r, start + 1);
		}
	}
	return r.result.data;
}
