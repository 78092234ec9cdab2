/*-------------------------------------------------------------------------
 *
 * format.c
 *	  From files as authors write them to migrations.
 *
 * Owns what is known about other tools' files: how they are named, which
 * directives they have and how two of them make one migration.  Each format
 * is one entry of formats[], with a reader of its own; all else in this file
 * is shared by them.  Where SQL statements end is script.c's business: here a
 * text is only split at whole lines, and no byte of it is changed.
 *
 * Pure: no SPI, no catalogs, no locks, no file access, any transaction state.
 * Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/hsearch.h"

#define is_digit(c) ((c) >= '0' && (c) <= '9')
#define is_blank(c) ((c) == ' ' || (c) == '\t' || (c) == '\f' || (c) == '\v')
#define is_name_start(c) \
	(((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || \
	 (c) == '_' || IS_HIGHBIT_SET(c))
#define is_name_part(c) (is_name_start(c) || is_digit(c) || (c) == '$')

#define UNDO_COMMENT "-- Undoes the up script.\n"
#define SLUG_LENGTH 100			/* of the name in a template's file name */

typedef struct Format Format;

typedef enum Part
{
	PART_WHOLE,
	PART_UP,
	PART_DOWN
} Part;

/* Is a file of some format? */
typedef enum Fit
{
	FIT_NO,
	FIT_POSSIBLE,				/* if another file of the directory surely is */
	FIT_SURE
} Fit;

/* A file, with what its path and a first look at its text say. */
typedef struct Entry
{
	const MigFile *file;
	const char *base;			/* last component of the path */
	char	   *parent;			/* the component before it, or "" */
	int			depth;			/* number of components before base */
	const char *text;			/* without a byte order mark; NULL: not read */
	bool		sql;
	/* base read as <version>[_-]<name>[.up|.down].sql */
	bool		numbered;
	char	   *version;
	char		separator;		/* '\0': neither it nor a name is there */
	char	   *name;
	Part		part;
	/* which directives stand in text, anywhere */
	bool		sections;
	bool		repeatable;
	bool		goose;
	bool		no_transaction; /* it begins as sqlx wants it */
	const Format *format;
} Entry;

/* A file of a new migration: BEFORE<version>BETWEEN<name>AFTER, and text. */
typedef struct Draft
{
	const char *before;
	const char *between;
	const char *after;
	const char *text;
} Draft;

struct Format
{
	const char *name;
	const char *files;			/* how its files are named, for messages */
	const char *mark;			/* line that each of its files has, or NULL */
	bool		nested;			/* each migration has its own directory */
	bool		dotted;			/* versions may have dots */
	Fit			(*recognise) (const Entry *entry);
	/* is this, no .sql, a file of its settings?  NULL: it has none */
	bool		(*settings) (const Entry *entry);
	void		(*read) (const Entry *entry, MigSource *source);
	Draft		drafts[2];		/* files of a new migration */
};

/* Where the scanner stands between two characters of SQL. */
typedef enum Lexical
{
	IN_SQL,
	IN_STRING,
	IN_IDENTIFIER,
	IN_DOLLAR,
	IN_COMMENT
} Lexical;

/* Goes through a text by lines and knows which begin outside a literal. */
typedef struct Lines
{
	const char *place;			/* what messages call the text */
	/* the current line */
	const char *start;
	const char *end;			/* its line end, which is not part of it */
	int			number;			/* from 1 */
	bool		top;			/* begins outside literals and comments */
	bool		code;			/* has more than blanks and comments */
	/* what follows it */
	const char *next;
	Lexical		state;
	bool		escapes;		/* the string is one with backslashes */
	bool		continues;		/* a string now would go on as the last one */
	int			nesting;		/* of comments */
	const char *tag;			/* of the dollar quote */
	int			tag_len;
} Lines;

/* Words of "-- migrate:WORD", in the order of words[]. */
typedef enum Word
{
	WORD_UP,
	WORD_DOWN,
	WORD_VERIFY,
	WORD_REQUIRES,
	WORD_NO_TRANSACTION,
	WORD_REPEATABLE,
	WORD_IGNORE,
	WORD_UNKNOWN,
	WORD_NONE					/* the line is no such directive */
} Word;

static const char *const words[] = {
	"up", "down", "verify", "requires", "no-transaction", "repeatable",
	"ignore"
};

typedef struct Directive
{
	Word		word;
	char	   *spelling;
	char	   *options;		/* what follows, without blanks around it */
} Directive;

/* Cuts a file at its section directives. */
typedef struct Sections
{
	const Entry *entry;
	MigScript  *current;		/* NULL: before the first */
	const char *start;			/* of current's text */
} Sections;

/* A migration that may still lack one of its files. */
typedef struct Joined
{
	const char *key;			/* kind and version */
	MigSource  *source;
	const char *path;			/* of the first file that was seen */
} Joined;

static const char *
skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* A copy of the text between two places, without blanks at its ends. */
static char *
copy_trimmed(const char *from, const char *to)
{
	while (from < to && is_blank(*from))
		from++;
	while (to > from && is_blank(to[-1]))
		to--;
	return pnstrdup(from, to - from);
}

static bool
has_suffix(const char *string, size_t len, const char *suffix)
{
	size_t		suffix_len = strlen(suffix);

	return len >= suffix_len &&
		pg_strncasecmp(string + len - suffix_len, suffix, suffix_len) == 0;
}

/* Where digits(.digits)* that begin here end, or digits alone. */
static const char *
skip_version(const char *p, bool dotted)
{
	while (is_digit(*p) || (dotted && *p == '.' && is_digit(p[1])))
		p++;
	return p;
}

static bool
is_version(const char *string, bool dotted)
{
	return is_digit(*string) && *skip_version(string, dotted) == '\0';
}

static void
replace_char(char *string, char from, char to)
{
	for (; *string; string++)
	{
		if (*string == from)
			*string = to;
	}
}

static char *
file_place(const char *path)
{
	return psprintf("file \"%s\"", path);
}

/*
 * Lines of a text.
 */

static void
lines_begin(Lines *lines, const char *text, const char *place)
{
	memset(lines, 0, sizeof(*lines));
	lines->place = place;
	lines->next = text;
	lines->state = IN_SQL;
}

/* Refuse a line; advice is a sentence that says what would be right. */
static void
bad_line(const Lines *lines, int number, const char *message,
		 const char *advice)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("%s in %s, line %d", message, lines->place, number),
			 errdetail_internal("%s", advice)));
}

/* If a dollar quote's delimiter begins here, its length, else 0. */
static int
dollar_tag(const char *p)
{
	const char *end = p + 1;

	if (is_name_start(*end))
	{
		while (is_name_part(*end) && *end != '$')
			end++;
	}
	return *end == '$' ? end + 1 - p : 0;
}

/*
 * One token's worth of plain SQL; returns what follows.  Names are taken
 * whole, because a quote after E and a dollar inside of a name are special.
 */
static const char *
scan_sql(Lines *lines, const char *p)
{
	if (is_blank(*p))
		return p + 1;
	if (p[0] == '-' && p[1] == '-')
		return lines->end;
	if (p[0] == '/' && p[1] == '*')
	{
		lines->state = IN_COMMENT;
		lines->nesting = 1;
		return p + 2;
	}

	lines->code = true;
	if (*p == '\'')
	{
		/* the parts of a string on several lines are one string */
		lines->escapes = lines->continues;
		lines->state = IN_STRING;
		return p + 1;
	}
	lines->continues = false;
	if (*p == '"')
	{
		lines->state = IN_IDENTIFIER;
		return p + 1;
	}
	if (*p == '$')
	{
		lines->tag = p;
		lines->tag_len = dollar_tag(p);
		if (lines->tag_len == 0)
			return p + 1;
		lines->state = IN_DOLLAR;
		return p + lines->tag_len;
	}
	if (is_name_start(*p) || is_digit(*p))
	{
		const char *name = p;

		while (is_name_part(*p))
			p++;
		if (p - name == 1 && (*name == 'e' || *name == 'E') && *p == '\'')
		{
			lines->escapes = true;
			lines->state = IN_STRING;
			p++;
		}
		return p;
	}
	return p + 1;
}

static void
scan_line(Lines *lines)
{
	const char *p = lines->start;

	while (p < lines->end)
	{
		switch (lines->state)
		{
			case IN_SQL:
				p = scan_sql(lines, p);
				continue;
			case IN_STRING:
				lines->code = true;
				if (*p == '\\' && lines->escapes)
					p++;
				else if (p[0] == '\'' && p[1] == '\'')
					p++;
				else if (*p == '\'')
				{
					lines->state = IN_SQL;
					lines->continues = lines->escapes;
				}
				break;
			case IN_IDENTIFIER:
				lines->code = true;
				if (*p == '"')	/* a doubled one just opens it again */
					lines->state = IN_SQL;
				break;
			case IN_DOLLAR:
				lines->code = true;
				if (*p == '$' &&
					strncmp(p, lines->tag, lines->tag_len) == 0)
				{
					lines->state = IN_SQL;
					p += lines->tag_len - 1;
				}
				break;
			case IN_COMMENT:
				if (p[0] == '/' && p[1] == '*')
				{
					lines->nesting++;
					p++;
				}
				else if (p[0] == '*' && p[1] == '/')
				{
					if (--lines->nesting == 0)
						lines->state = IN_SQL;
					p++;
				}
				break;
		}
		p++;
	}
}

/* Go to the next line; false if there is none. */
static bool
next_line(Lines *lines)
{
	if (*lines->next == '\0')
		return false;

	lines->start = lines->next;
	lines->end = lines->start + strcspn(lines->start, "\r\n");
	lines->next = lines->end;
	if (*lines->next == '\r')
		lines->next++;
	if (*lines->next == '\n')
		lines->next++;
	lines->number++;
	lines->top = lines->state == IN_SQL;
	lines->code = false;

	/* COPY's data may hold any quotes; with their end it is SQL again. */
	if (lines->end - lines->start == 2 && strncmp(lines->start, "\\.", 2) == 0)
	{
		lines->state = IN_SQL;
		lines->continues = false;
		lines->code = true;
	}
	else
		scan_line(lines);
	return true;
}

/*
 * What follows the marker in a line "-- MARKER...", or NULL if the line is
 * none.  Blanks before the dashes do not hide one from those that only look
 * whether there are directives; check_indent() then refuses them.
 */
static const char *
after_marker(const Lines *lines, const char *marker)
{
	const char *p;

	if (!lines->top)
		return NULL;
	p = skip_blanks(lines->start);
	if (p[0] != '-' || p[1] != '-')
		return NULL;
	p = skip_blanks(p + 2);
	if (pg_strncasecmp(p, marker, strlen(marker)) != 0)
		return NULL;
	return p + strlen(marker);
}

/*
 * An indented directive is refused, not taken for prose: to pass over a
 * "down" would make what follows part of the "up".
 */
static void
check_indent(const Lines *lines)
{
	if (is_blank(*lines->start))
		bad_line(lines, lines->number,
				 "indented directive",
				 "A directive's dashes must be the first characters of its line.");
}

/* Is the line a "-- migrate:WORD"?  Sets nothing but word if it is not. */
static void
look_for_directive(const Lines *lines, Directive *directive)
{
	const char *word = after_marker(lines, "migrate:");
	const char *end = word;
	int			i;

	directive->word = WORD_NONE;
	if (word == NULL)
		return;
	while (end < lines->end && !is_blank(*end))
		end++;
	if (end == word)
		return;

	directive->spelling = pnstrdup(word, end - word);
	directive->options = copy_trimmed(end, lines->end);
	for (i = 0; i < lengthof(words); i++)
	{
		if (pg_strcasecmp(directive->spelling, words[i]) == 0)
			break;
	}
	directive->word = (Word) i;
}

/* As above; raises an error if the directive is not a proper one. */
static Word
read_directive(const Lines *lines, Directive *directive)
{
	look_for_directive(lines, directive);
	if (directive->word == WORD_NONE)
		return WORD_NONE;

	check_indent(lines);
	if (directive->word == WORD_UNKNOWN)
		bad_line(lines, lines->number,
				 psprintf("unknown directive \"-- migrate:%s\"",
						  directive->spelling),
				 "The directives are migrate:up, migrate:down, migrate:verify, migrate:requires, migrate:no-transaction, migrate:repeatable and migrate:ignore.");
	if (directive->options[0] != '\0' &&
		(directive->word == WORD_NO_TRANSACTION ||
		 directive->word == WORD_REPEATABLE ||
		 directive->word == WORD_VERIFY))
		bad_line(lines, lines->number,
				 psprintf("unknown option \"%s\" of \"-- migrate:%s\"",
						  directive->options, directive->spelling),
				 "This directive has no options.");
	return directive->word;
}

static void
misplaced_directive(const Lines *lines, const Directive *directive,
					const char *advice)
{
	bad_line(lines, lines->number,
			 psprintf("misplaced directive \"-- migrate:%s\"",
					  directive->spelling),
			 advice);
}

/* The next of the words in a list separated by blanks and commas, or NULL. */
static char *
next_item(const char **list)
{
	const char *start = *list + strspn(*list, ", \t\f\v");

	*list = start + strcspn(start, ", \t\f\v");
	return *list > start ? pnstrdup(start, *list - start) : NULL;
}

static void
add_requires(const Lines *lines, const Directive *directive, MigSource *source)
{
	const char *list = directive->options;
	char	   *version = next_item(&list);

	if (version == NULL)
		bad_line(lines, lines->number,
				 "no version after \"-- migrate:requires\"",
				 "The versions follow it, as in \"-- migrate:requires 3, 7\".");
	for (; version != NULL; version = next_item(&list))
		source->requires = lappend(source->requires, version);
}

/*
 * Honour the directives in the comments that begin a text: those which make
 * sense for a script as a whole.
 */
static void
leading_directives(MigSource *source, MigScript *script, const char *text,
				   const char *place, bool may_repeat)
{
	bool		up = script == &source->up;
	Lines		lines;
	Directive	directive;

	lines_begin(&lines, text, place);
	while (next_line(&lines))
	{
		const char *p = skip_blanks(lines.start);

		if (p < lines.end && (p[0] != '-' || p[1] != '-'))
			break;
		switch (read_directive(&lines, &directive))
		{
			case WORD_NO_TRANSACTION:
				script->no_transaction = true;
				break;
			case WORD_REQUIRES:
				if (!up)
					misplaced_directive(&lines, &directive,
										"What a migration requires is said in its up script.");
				add_requires(&lines, &directive, source);
				break;
			case WORD_REPEATABLE:
				if (!up || (!may_repeat && source->kind != MIG_KIND_REPEATABLE))
					misplaced_directive(&lines, &directive,
										up ? "A file of this format is not made repeatable by a directive." :
										"Whether a migration is repeatable is said in its up script.");
				source->kind = MIG_KIND_REPEATABLE;
				break;
			case WORD_UP:
			case WORD_DOWN:
			case WORD_VERIFY:
				misplaced_directive(&lines, &directive,
									"Here the whole text is one script: only native files, which are named <version>_<name>.sql, have sections.");
				break;
			default:
				break;
		}
	}
}

/*
 * mig_format_directives
 *		Honour the directives of a migration that was given as plain text.
 *
 * They are whole-line comments before the first line which is neither blank
 * nor a "--" comment: no-transaction in up and down, requires and repeatable
 * in up.  Changes *source: requires is extended, kind may become
 * MIG_KIND_REPEATABLE; version and texts stay as they are.  Raises
 * ERRCODE_MIG_BAD_FILE for directives that are unknown or do not belong
 * there.
 */
void
mig_format_directives(MigSource *source)
{
	MigScript  *scripts[] = {&source->up, &source->down};
	const char *const labels[] = {"up", "down"};
	int			i;

	for (i = 0; i < lengthof(scripts); i++)
	{
		char	   *place;

		if (scripts[i]->text == NULL)
			continue;
		if (scripts[i]->path)
			place = file_place(scripts[i]->path);
		else
			place = psprintf("%s script of migration \"%s\"",
							 labels[i], source->version);
		leading_directives(source, scripts[i], scripts[i]->text, place, true);
	}
}

/*
 * What readers share.
 */

static void
bad_name(const Entry *entry)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("file \"%s\" is not named as a migration of format %s",
					entry->file->path, entry->format->name),
			 errdetail("Files of this format are named %s.",
					   entry->format->files)));
}

/* The whole file is one script. */
static void
whole_script(const Entry *entry, MigSource *source, MigScript *script)
{
	script->text = pstrdup(entry->text);
	script->path = entry->file->path;
	script->line = 1;
	leading_directives(source, script, entry->text,
					   file_place(entry->file->path), false);
}

/* Version and name from a numbered file name. */
static void
take_number(const Entry *entry, MigSource *source)
{
	if (!entry->format->dotted &&
		(strchr(entry->version, '.') || entry->separator == '-'))
		bad_name(entry);
	source->version = entry->version;
	source->name = entry->name;
}

/* The section that ends before this line, and the one that begins after. */
static void
switch_section(Sections *sections, MigScript *next, const Lines *lines,
			   const char *title)
{
	if (sections->current)
		sections->current->text = pnstrdup(sections->start,
										   lines->start - sections->start);
	if (next->line > 0)
		bad_line(lines, lines->number,
				 psprintf("second section \"%s\"", title),
				 psprintf("The first one begins at line %d.", next->line));
	next->path = sections->entry->file->path;
	next->line = lines->number + 1;
	sections->current = next;
	sections->start = lines->next;
}

static void
last_section(Sections *sections)
{
	if (sections->current)
		sections->current->text = pstrdup(sections->start);
}

static void
check_text_before(const Lines *lines, int code_line, const char *mark)
{
	if (code_line > 0)
		bad_line(lines, code_line,
				 psprintf("text before \"%s\"", mark),
				 "Only comments and blank lines may precede the first section.");
}

/*
 * The value of a setting, true if it is not there.  The lines are KEY = VALUE
 * or comments, as in TOML and in Java's properties.
 */
static bool
read_setting(const Entry *entry, const char *key, bool others, bool required)
{
	Lines		lines;
	bool		found = false;
	bool		value = true;

	lines_begin(&lines, entry->text, file_place(entry->file->path));
	while (next_line(&lines))
	{
		const char *start = skip_blanks(lines.start);
		const char *equals = memchr(lines.start, '=', lines.end - lines.start);
		const char *end;
		char	   *word;

		if (start == lines.end || *start == '#' || *start == '!')
			continue;
		if (others && *start == '[')
			break;				/* what follows belongs to a table */
		word = copy_trimmed(start, equals ? equals : lines.end);
		if (equals == NULL || strcmp(word, key) != 0)
		{
			if (others)
				continue;
			bad_line(&lines, lines.number,
					 psprintf("unsupported setting \"%s\"", word),
					 psprintf("Only %s is supported.", key));
		}

		end = memchr(equals, '#', lines.end - equals);
		word = copy_trimmed(equals + 1, end ? end : lines.end);
		value = strcmp(word, "true") == 0;
		if (!value && strcmp(word, "false") != 0)
			bad_line(&lines, lines.number,
					 psprintf("invalid value \"%s\" of %s", word, key),
					 "It must be true or false.");
		found = true;
	}

	if (required && !found)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" does not set %s",
						entry->file->path, key),
				 errhint("Write \"%s = false\" or \"%s = true\".", key, key)));
	return value;
}

/*
 * native, which is dbmate's form with more directives.
 */

static bool
is_flyway_name(const char *base)
{
	return ((base[0] == 'V' || base[0] == 'U' || base[0] == 'B') &&
			is_digit(base[1])) || strncmp(base, "R__", 3) == 0;
}

static bool
is_diesel_name(const Entry *entry)
{
	return entry->parent[0] != '\0' &&
		(pg_strcasecmp(entry->base, "up.sql") == 0 ||
		 pg_strcasecmp(entry->base, "down.sql") == 0);
}

static bool
is_prisma_name(const Entry *entry)
{
	return entry->parent[0] != '\0' &&
		pg_strcasecmp(entry->base, "migration.sql") == 0;
}

static Fit
native_recognise(const Entry *entry)
{
	if (entry->numbered && entry->part == PART_WHOLE)
		return entry->sections || entry->repeatable ? FIT_SURE : FIT_NO;

	/* a repeatable may have any name that is not another format's */
	if (entry->repeatable && !entry->numbered &&
		!is_flyway_name(entry->base) &&
		!is_diesel_name(entry) && !is_prisma_name(entry))
		return FIT_SURE;
	return FIT_NO;
}

static void
section_options(const Lines *lines, const Directive *directive,
				MigScript *script)
{
	const char *list = directive->options;
	char	   *option;

	while ((option = next_item(&list)) != NULL)
	{
		if (pg_strcasecmp(option, "transaction:false") == 0)
			script->no_transaction = true;
		else if (pg_strcasecmp(option, "transaction:true") != 0)
			bad_line(lines, lines->number,
					 psprintf("unknown option \"%s\" of \"-- migrate:%s\"",
							  option, directive->spelling),
					 "The one option is transaction:false.");
	}
}

static void
native_read(const Entry *entry, MigSource *source)
{
	MigScript  *scripts[] = {&source->up, &source->down, &source->verify};
	Sections	sections = {entry, NULL, NULL};
	Lines		lines;
	Directive	directive;
	int			code_line = 0;

	lines_begin(&lines, entry->text, file_place(entry->file->path));
	while (next_line(&lines))
	{
		Word		word = read_directive(&lines, &directive);

		switch (word)
		{
			case WORD_UP:
				if (sections.current == NULL)
					check_text_before(&lines, code_line, "-- migrate:up");
				/* FALLTHROUGH */
			case WORD_DOWN:
			case WORD_VERIFY:
				if (word != WORD_UP && sections.current == NULL)
					misplaced_directive(&lines, &directive,
										"The first section of a file is \"-- migrate:up\".");
				switch_section(&sections, scripts[word], &lines, words[word]);
				section_options(&lines, &directive, scripts[word]);
				break;
			case WORD_REQUIRES:
				add_requires(&lines, &directive, source);
				break;
			case WORD_NO_TRANSACTION:
				if (sections.current)
					sections.current->no_transaction = true;
				else
					source->up.no_transaction = source->down.no_transaction = true;
				break;
			case WORD_REPEATABLE:
				if (sections.current)
					misplaced_directive(&lines, &directive,
										"It belongs before \"-- migrate:up\".");
				source->kind = MIG_KIND_REPEATABLE;
				break;
			default:
				if (lines.code && code_line == 0)
					code_line = lines.number;
				break;
		}
	}
	last_section(&sections);

	if (sections.current == NULL)
	{
		/* native_recognise() saw to it that this is a repeatable */
		source->up.text = pstrdup(entry->text);
		source->up.path = entry->file->path;
		source->up.line = 1;
	}

	if (source->kind == MIG_KIND_REPEATABLE)
	{
		source->name = entry->numbered ? entry->name :
			pnstrdup(entry->base, strlen(entry->base) - strlen(".sql"));
		source->version = source->name;
	}
	else
		take_number(entry, source);
}

/*
 * goose.  Where its statements begin and end is of no interest to a server
 * that parses them, but it must be said properly all the same.
 */

static Fit
goose_recognise(const Entry *entry)
{
	return entry->numbered && entry->part == PART_WHOLE && entry->goose ?
		FIT_SURE : FIT_NO;
}

static void
open_statement(const Lines *lines, int statement_line)
{
	if (statement_line > 0)
		bad_line(lines, statement_line,
				 "unterminated \"-- +goose StatementBegin\"",
				 "The statement must end with a line \"-- +goose StatementEnd\".");
}

static void
goose_read(const Entry *entry, MigSource *source)
{
	Sections	sections = {entry, NULL, NULL};
	Lines		lines;
	int			code_line = 0;
	int			statement_line = 0;
	bool		no_transaction = false;

	take_number(entry, source);
	lines_begin(&lines, entry->text, file_place(entry->file->path));
	while (next_line(&lines))
	{
		const char *rest = after_marker(&lines, "+goose");
		const char *misplaced = NULL;
		char	   *word;

		if (rest == NULL)
		{
			if (lines.code && code_line == 0)
				code_line = lines.number;
			continue;
		}
		check_indent(&lines);
		word = copy_trimmed(rest, lines.end);
		if (pg_strcasecmp(word, "Up") == 0)
		{
			if (sections.current == NULL)
				check_text_before(&lines, code_line, "-- +goose Up");
			open_statement(&lines, statement_line);
			switch_section(&sections, &source->up, &lines, "Up");
		}
		else if (pg_strcasecmp(word, "Down") == 0)
		{
			if (sections.current == NULL)
				misplaced = "The first section of a file is \"-- +goose Up\".";
			else
			{
				open_statement(&lines, statement_line);
				switch_section(&sections, &source->down, &lines, "Down");
			}
		}
		else if (pg_strcasecmp(word, "StatementBegin") == 0)
		{
			if (sections.current == NULL)
				misplaced = "It belongs after \"-- +goose Up\".";
			open_statement(&lines, statement_line);
			statement_line = lines.number;
		}
		else if (pg_strcasecmp(word, "StatementEnd") == 0)
		{
			if (statement_line == 0)
				misplaced = "There is no \"-- +goose StatementBegin\" before it.";
			statement_line = 0;
		}
		else if (pg_strcasecmp(word, "NO TRANSACTION") == 0)
			no_transaction = true;
		else if (pg_strcasecmp(word, "ENVSUB ON") == 0)
			bad_line(&lines, lines.number,
					 psprintf("unsupported directive \"-- +goose %s\"", word),
					 "Substitution from the environment is not supported: the values must stand in the file.");
		else if (pg_strcasecmp(word, "ENVSUB OFF") != 0)
			bad_line(&lines, lines.number,
					 psprintf("unknown directive \"-- +goose %s\"", word),
					 "The directives are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION and ENVSUB OFF.");
		if (misplaced)
			bad_line(&lines, lines.number,
					 psprintf("misplaced directive \"-- +goose %s\"", word),
					 misplaced);
	}
	open_statement(&lines, statement_line);
	if (sections.current == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" has no line \"-- +goose Up\"",
						entry->file->path),
				 errdetail("It has other directives of goose, which requires that line before the script.")));
	last_section(&sections);

	leading_directives(source, &source->up, entry->text, lines.place, false);
	if (no_transaction || source->up.no_transaction)
		source->up.no_transaction = source->down.no_transaction = true;
}

/*
 * golang-migrate, sqlx and plain: numbered files that are whole scripts.  A
 * first line "-- no-transaction" is honoured in all of them, and sqlx is told
 * from the other two by nothing else.
 */

static Fit
golang_recognise(const Entry *entry)
{
	return entry->numbered && entry->part != PART_WHOLE &&
		!entry->no_transaction ? FIT_SURE : FIT_NO;
}

static Fit
plain_recognise(const Entry *entry)
{
	return entry->numbered && entry->part == PART_WHOLE &&
		!entry->sections && !entry->repeatable && !entry->goose &&
		!entry->no_transaction ? FIT_SURE : FIT_NO;
}

static Fit
sqlx_recognise(const Entry *entry)
{
	if (!entry->numbered)
		return FIT_NO;
	if (entry->part == PART_WHOLE &&
		(entry->sections || entry->repeatable || entry->goose))
		return FIT_NO;
	return entry->no_transaction ? FIT_SURE : FIT_POSSIBLE;
}

static void
numbered_read(const Entry *entry, MigSource *source)
{
	MigScript  *script = entry->part == PART_DOWN ?
		&source->down : &source->up;

	take_number(entry, source);
	whole_script(entry, source, script);
	if (entry->no_transaction)
		script->no_transaction = true;
}

/*
 * diesel
 */

static Fit
diesel_recognise(const Entry *entry)
{
	return is_diesel_name(entry) ? FIT_SURE : FIT_NO;
}

static bool
diesel_settings(const Entry *entry)
{
	return entry->parent[0] != '\0' &&
		strcmp(entry->base, "metadata.toml") == 0;
}

static void
diesel_read(const Entry *entry, MigSource *source)
{
	const char *p = entry->parent;
	char	   *version = palloc(strlen(p) + 1);
	char	   *end = version;

	/* the dashes of the time are no part of diesel's version */
	for (; *p && *p != '_'; p++)
	{
		if (*p != '-')
			*end++ = *p;
	}
	*end = '\0';
	if (!is_version(version, false))
		bad_name(entry);
	source->version = version;
	source->name = pstrdup(*p == '_' ? p + 1 : p);

	if (pg_strcasecmp(entry->base, "up.sql") == 0)
		whole_script(entry, source, &source->up);
	else if (pg_strcasecmp(entry->base, "down.sql") == 0)
		whole_script(entry, source, &source->down);
	else
		source->up.no_transaction = source->down.no_transaction =
			!read_setting(entry, "run_in_transaction", true, true);
}

/* A version as diesel writes it in the name of a directory. */
static const char *
diesel_time(const char *version)
{
	if (strlen(version) != 14)
		return version;
	return psprintf("%.4s-%.2s-%.2s-%s", version, version + 4, version + 6,
					version + 8);
}

/*
 * prisma, where the whole name of the directory is the identity: two
 * migrations may have the same time.
 */

static Fit
prisma_recognise(const Entry *entry)
{
	return is_prisma_name(entry) ? FIT_SURE : FIT_NO;
}

static void
prisma_read(const Entry *entry, MigSource *source)
{
	const char *underscore = strchr(entry->parent, '_');

	source->version = entry->parent;
	source->name = pstrdup(underscore ? underscore + 1 : entry->parent);
	whole_script(entry, source, &source->up);
}

/*
 * Flyway
 */

static Fit
flyway_recognise(const Entry *entry)
{
	return is_flyway_name(entry->base) ? FIT_SURE : FIT_NO;
}

static bool
flyway_settings(const Entry *entry)
{
	return is_flyway_name(entry->base) &&
		has_suffix(entry->base, strlen(entry->base), ".sql.conf");
}

static void
flyway_read(const Entry *entry, MigSource *source)
{
	const char *base = entry->base;
	const char *end = base + strlen(base) -
		strlen(entry->sql ? ".sql" : ".sql.conf");
	const char *separator = strstr(base + 1, "__");
	MigScript  *script = base[0] == 'U' ? &source->down : &source->up;

	/* without a description there is no name, which the caller refuses */
	if (separator)
	{
		char	   *name = pnstrdup(separator + 2, end - separator - 2);

		replace_char(name, '_', ' ');
		source->name = copy_trimmed(name, name + strlen(name));
	}
	else
	{
		source->name = pstrdup("");
		separator = end;
	}

	if (base[0] == 'R')
	{
		source->kind = MIG_KIND_REPEATABLE;
		source->version = source->name;
	}
	else
	{
		if (base[0] == 'B')
			source->kind = MIG_KIND_BASELINE;
		source->version = pnstrdup(base + 1, separator - base - 1);
		replace_char(source->version, '_', '.');
		if (!is_version(source->version, true))
			bad_name(entry);
	}

	if (entry->sql)
		whole_script(entry, source, script);
	else
		script->no_transaction =
			!read_setting(entry, "executeInTransaction", false, false);
}

/*
 * The formats.  If as many files of a directory look like one as like
 * another, the first of the two here is taken for the one that was meant.
 */
static const Format formats[] = {
	{
		"native",
		"<version>_<name>.sql, or <name>.sql if \"-- migrate:repeatable\" is in it",
		"-- migrate:up", false, true,
		native_recognise, NULL, native_read,
		{
			{
				"", "_", ".sql",
				"\n-- migrate:up\n\n-- migrate:down\n\n"
				"-- To check the outcome, take the first dashes off the next two lines; a\n"
				"-- statement that fails there fails the migration.\n"
				"-- -- migrate:verify\n"
				"-- SELECT 1 / count(*) FROM my_table;\n"
			}
		}
	},
	{
		"golang-migrate",
		"<number>_<name>.up.sql and <number>_<name>.down.sql",
		NULL, false, false,
		golang_recognise, NULL, numbered_read,
		{{"", "_", ".up.sql", ""}, {"", "_", ".down.sql", UNDO_COMMENT}}
	},
	{
		"goose", "<number>_<name>.sql",
		"-- +goose Up", false, false,
		goose_recognise, NULL, goose_read,
		{{"", "_", ".sql", "\n-- +goose Up\n\n-- +goose Down\n"}}
	},
	{
		"diesel", "<time>_<name>/up.sql and <time>_<name>/down.sql",
		NULL, true, false,
		diesel_recognise, diesel_settings, diesel_read,
		{{"", "_", "/up.sql", ""}, {"", "_", "/down.sql", UNDO_COMMENT}}
	},
	{
		"prisma", "<time>_<name>/migration.sql",
		NULL, true, false,
		prisma_recognise, NULL, prisma_read,
		{{"", "_", "/migration.sql", ""}}
	},
	{
		"flyway",
		"V<version>__<name>.sql, U<version>__<name>.sql, B<version>__<name>.sql and R__<name>.sql",
		NULL, false, true,
		flyway_recognise, flyway_settings, flyway_read,
		{{"V", "__", ".sql", ""}, {"U", "__", ".sql", UNDO_COMMENT}}
	},
	{
		"sqlx",
		"<number>_<name>.sql, or <number>_<name>.up.sql and <number>_<name>.down.sql",
		NULL, false, false,
		sqlx_recognise, NULL, numbered_read,
		{{"", "_", ".up.sql", ""}, {"", "_", ".down.sql", UNDO_COMMENT}}
	},
	{
		"plain", "<version>_<name>.sql",
		NULL, false, true,
		plain_recognise, NULL, numbered_read,
		{{"", "_", ".sql", ""}}
	}
};

static char *
format_names(void)
{
	StringInfoData names;
	int			i;

	initStringInfo(&names);
	for (i = 0; i < lengthof(formats); i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", formats[i].name);
	return names.data;
}

/*
 * One file.
 */

static bool
is_sql(const char *base)
{
	/* hidden files are what editors and file systems leave behind */
	return base[0] != '.' && has_suffix(base, strlen(base), ".sql");
}

static const char *
last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * mig_format_reads
 *		Must the caller read this file for the functions below?
 */
bool
mig_format_reads(const char *path)
{
	const char *base = last_component(path);

	return is_sql(base) || strcmp(base, "metadata.toml") == 0 ||
		(base[0] != '.' && has_suffix(base, strlen(base), ".sql.conf"));
}

/* Read the name as <version>[_-]<name>[.up|.down].sql, if it is such. */
static void
look_at_name(Entry *entry)
{
	const char *base = entry->base;
	size_t		len = strlen(base) - strlen(".sql");
	const char *p = skip_version(base, true);
	const char *end;

	entry->part = PART_WHOLE;
	if (has_suffix(base, len, ".up"))
	{
		entry->part = PART_UP;
		len -= strlen(".up");
	}
	else if (has_suffix(base, len, ".down"))
	{
		entry->part = PART_DOWN;
		len -= strlen(".down");
	}
	end = base + len;

	if (!is_digit(*base) || (p < end && *p != '_' && *p != '-'))
		return;
	entry->numbered = true;
	entry->version = pnstrdup(base, p - base);
	entry->separator = p < end ? *p : '\0';
	entry->name = p < end ? pnstrdup(p + 1, end - p - 1) : pstrdup("");
}

static void
look_at_text(Entry *entry)
{
	Lines		lines;
	Directive	directive;

	entry->no_transaction = strncmp(entry->text, "-- no-transaction",
									strlen("-- no-transaction")) == 0;

	lines_begin(&lines, entry->text, NULL);
	while (next_line(&lines))
	{
		if (after_marker(&lines, "+goose"))
			entry->goose = true;
		look_for_directive(&lines, &directive);
		if (directive.word == WORD_UP || directive.word == WORD_DOWN ||
			directive.word == WORD_VERIFY)
			entry->sections = true;
		else if (directive.word == WORD_REPEATABLE)
			entry->repeatable = true;
	}
}

static Entry *
make_entry(const MigFile *file)
{
	Entry	   *entry = palloc0(sizeof(Entry));
	const char *path = file->path;
	const char *p;

	entry->file = file;
	entry->base = last_component(path);
	entry->parent = pstrdup("");
	for (p = path; p < entry->base; p++)
	{
		if (*p == '/')
			entry->depth++;
	}
	if (entry->base > path)
	{
		const char *start = entry->base - 1;

		while (start > path && start[-1] != '/')
			start--;
		entry->parent = pnstrdup(start, entry->base - 1 - start);
	}

	entry->text = file->content;
	if (entry->text && strncmp(entry->text, "\xEF\xBB\xBF", 3) == 0)
		entry->text += 3;

	entry->sql = is_sql(entry->base);
	if (entry->sql)
	{
		if (entry->text == NULL)
			elog(ERROR, "file \"%s\" was not read", path);
		look_at_name(entry);
		look_at_text(entry);
	}
	return entry;
}

/* The one format that a file surely is of, or NULL. */
static const Format *
recognise_entry(const Entry *entry)
{
	const Format *found = NULL;
	int			i;

	for (i = 0; i < lengthof(formats); i++)
	{
		if (formats[i].recognise(entry) != FIT_SURE)
			continue;
		if (found)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%s\" has directives of two formats",
							entry->file->path),
					 errdetail("The formats are %s and %s.",
							   found->name, formats[i].name)));
		found = &formats[i];
	}
	return found;
}

static void
unknown_file(const Entry *entry)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("file \"%s\" is not a migration of a known format",
					entry->file->path),
			 errhint("Name it <version>_<name>.sql. The files of other tools are recognised as well; the formats are %s.",
					 format_names())));
}

/* Read a file whose format is known. */
static MigSource *
read_entry(const Entry *entry)
{
	MigSource  *source = palloc0(sizeof(MigSource));

	CHECK_FOR_INTERRUPTS();
	if (entry->text == NULL)
		elog(ERROR, "file \"%s\" was not read", entry->file->path);

	source->kind = MIG_KIND_VERSIONED;
	source->format = entry->format->name;
	entry->format->read(entry, source);
	if (source->name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" gives its migration no name",
						entry->file->path),
				 errdetail("Files of the format %s are named %s.",
						   entry->format->name, entry->format->files)));
	return source;
}

/*
 * mig_format_read_file
 *		What one file alone says about its migration.
 *
 * Of the path only the last two components matter.  If the format has more
 * than one file for a migration, the scripts of the others have no text; the
 * settings of diesel and Flyway give a result that has no text at all.  The
 * result is palloc'd and shares the path with *file.  Raises
 * ERRCODE_MIG_BAD_FILE if the format is not clear or not kept.
 */
MigSource *
mig_format_read_file(const MigFile *file)
{
	Entry	   *entry = make_entry(file);
	int			i;

	if (entry->sql)
		entry->format = recognise_entry(entry);
	else
	{
		for (i = 0; i < lengthof(formats); i++)
		{
			if (formats[i].settings && formats[i].settings(entry))
				entry->format = &formats[i];
		}
	}
	if (entry->format == NULL)
		unknown_file(entry);
	return read_entry(entry);
}

/*
 * Directories.
 */

static bool
same_directory(const Entry *a, const Entry *b)
{
	size_t		len = a->base - a->file->path;

	return len == b->base - b->file->path &&
		memcmp(a->file->path, b->file->path, len) == 0;
}

/* A migration must lie where its format has it. */
static void
check_place(const Entry *entry, const Format *format,
			const Entry *shallowest, const Entry *deepest)
{
	if (!format->nested && !same_directory(entry, shallowest))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" lies in a subdirectory",
						entry->file->path),
				 errdetail("The migrations are in the format %s, which has all files in one directory, here that of \"%s\".",
						   format->name, shallowest->file->path)));
	if (format->nested && entry->depth < deepest->depth)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" does not lie in a subdirectory",
						entry->file->path),
				 errdetail("The migrations are in the format %s, which has a directory for each of them, such as that of \"%s\".",
						   format->name, deepest->file->path)));
}

/* Say what is wrong with a file among those of another format. */
static void
refuse_entry(const Entry *entry, const Format *format, const Entry *example)
{
	if (entry->format == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" does not fit the other migrations of its directory",
						entry->file->path),
				 errdetail("They are in the format %s, whose files are named %s.",
						   format->name, format->files),
				 errhint("Rename the file or move it elsewhere.")));
	if (format->mark && entry->format->recognise == plain_recognise)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" has no line \"%s\"",
						entry->file->path, format->mark),
				 errdetail("Other migrations of its directory, such as \"%s\", are in the format %s, which requires that line before the script.",
						   example->file->path, format->name)));
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("files \"%s\" and \"%s\" are in different formats",
					entry->file->path, example->file->path),
			 errdetail("The first looks like %s, the second like %s.",
					   entry->format->name, format->name),
			 errhint("Keep the migrations of one directory in one format.")));
}

/*
 * The format of a directory: one that some file surely is of and that all
 * others may be of.  NULL if there is no migration in it.
 */
static const Format *
choose_format(List *entries)
{
	int			votes[lengthof(formats)] = {0};
	const Entry *example[lengthof(formats)] = {NULL};
	const Entry *shallowest = linitial(entries);
	const Entry *first_sql = NULL;
	const Entry *deepest = NULL;
	const Entry *misfit = NULL;
	int			best = -1;
	int			i;
	ListCell   *lc;

	foreach(lc, entries)
	{
		Entry	   *entry = lfirst(lc);

		if (entry->depth < shallowest->depth)
			shallowest = entry;
		if (!entry->sql)
			continue;
		if (first_sql == NULL)
			first_sql = deepest = entry;
		if (entry->depth > deepest->depth)
			deepest = entry;
		entry->format = recognise_entry(entry);
		if (entry->format == NULL)
			continue;
		i = entry->format - formats;
		if (votes[i]++ == 0)
			example[i] = entry;
	}
	if (deepest == NULL)
		return NULL;

	for (i = 0; i < lengthof(formats); i++)
	{
		const Entry *first_misfit = NULL;

		if (votes[i] == 0)
			continue;
		foreach(lc, entries)
		{
			const Entry *entry = lfirst(lc);

			if (entry->sql && formats[i].recognise(entry) == FIT_NO)
			{
				first_misfit = entry;
				break;
			}
		}
		if (first_misfit == NULL || best < 0 || votes[i] > votes[best])
		{
			best = i;
			misfit = first_misfit;
		}
		if (misfit == NULL)
			break;
	}
	if (best < 0)
		unknown_file(first_sql);
	if (misfit)
	{
		if (!formats[best].nested)
			check_place(misfit, &formats[best], shallowest, deepest);
		refuse_entry(misfit, &formats[best], example[best]);
	}

	foreach(lc, entries)
	{
		Entry	   *entry = lfirst(lc);

		if (entry->sql)
		{
			check_place(entry, &formats[best], shallowest, deepest);
			entry->format = &formats[best];
		}
		else if (formats[best].settings && formats[best].settings(entry) &&
				 (formats[best].nested ? entry->depth == deepest->depth :
				  same_directory(entry, shallowest)))
			entry->format = &formats[best];
	}
	return &formats[best];
}

static uint32
joined_hash(const void *key, Size keysize)
{
	const char *string = *(const char *const *) key;

	return hash_bytes((const unsigned char *) string, strlen(string));
}

static int
joined_match(const void *a, const void *b, Size keysize)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
join_script(MigScript *into, const MigScript *from, const MigSource *source,
			const char *direction)
{
	bool		no_transaction = into->no_transaction || from->no_transaction;

	if (from->text)
	{
		if (into->text)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_CONFLICT),
					 errmsg("files \"%s\" and \"%s\" both have the %s script of migration \"%s\"",
							into->path, from->path, direction,
							source->version),
					 errhint("Rename or remove one of them.")));
		*into = *from;
	}
	into->no_transaction = no_transaction;
}

/* Add what a further file of the same migration says. */
static void
join_source(MigSource *into, const MigSource *from)
{
	join_script(&into->up, &from->up, into, "up");
	join_script(&into->down, &from->down, into, "down");
	if (from->up.text)
	{
		into->name = from->name;
		into->verify = from->verify;
		into->requires = from->requires;
	}
}

/*
 * mig_format_read_directory
 *		All migrations of a directory.
 *
 * Takes a List of MigFile * of the directory and its subdirectories, all with
 * content for which mig_format_reads() says so.  Returns a List of MigSource *
 * in the order in which their first files came, and sets *format (static
 * storage; NULL if there are no migrations) and *skipped (List of char *, the
 * paths of files that are no migrations).  The results are palloc'd and share
 * the paths with the files.  Raises ERRCODE_MIG_BAD_FILE if a file does not
 * fit, and ERRCODE_MIG_CONFLICT if two files are the same script of the same
 * version; that 021 is 21 is left to the caller to see.
 */
List *
mig_format_read_directory(List *files, const char **format, List **skipped)
{
	List	   *entries = NIL;
	List	   *joined_list = NIL;
	List	   *result = NIL;
	const Format *chosen;
	HASHCTL		ctl;
	HTAB	   *table;
	ListCell   *lc;

	*format = NULL;
	*skipped = NIL;
	if (files == NIL)
		return NIL;

	foreach(lc, files)
	{
		CHECK_FOR_INTERRUPTS();
		entries = lappend(entries, make_entry(lfirst(lc)));
	}
	chosen = choose_format(entries);
	if (chosen)
		*format = chosen->name;

	ctl.keysize = sizeof(char *);
	ctl.entrysize = sizeof(Joined);
	ctl.hash = joined_hash;
	ctl.match = joined_match;
	ctl.hcxt = CurrentMemoryContext;
	table = hash_create("migrations of a directory", list_length(entries),
						&ctl,
						HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	foreach(lc, entries)
	{
		const Entry *entry = lfirst(lc);
		MigSource  *source;
		Joined	   *joined;
		char	   *key;
		bool		found;

		if (entry->format == NULL)
		{
			*skipped = lappend(*skipped, entry->file->path);
			continue;
		}
		source = read_entry(entry);
		key = psprintf("%c%s", source->kind, source->version);
		joined = hash_search(table, &key, HASH_ENTER, &found);
		if (found)
			join_source(joined->source, source);
		else
		{
			joined->source = source;
			joined->path = entry->file->path;
			joined_list = lappend(joined_list, joined);
		}
	}

	foreach(lc, joined_list)
	{
		const Joined *joined = lfirst(lc);
		const MigSource *source = joined->source;

		if (source->up.text == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%s\" belongs to no migration",
							source->down.text ? source->down.path : joined->path),
					 errdetail("There is no up script of version \"%s\" in the directory.",
							   source->version),
					 errhint("Files of the format %s are named %s.",
							 chosen->name, chosen->files)));
		result = lappend(result, joined->source);
	}
	hash_destroy(table);
	return result;
}

/*
 * Templates.
 */

/* A file name's part from free text. */
static char *
make_slug(const char *name)
{
	StringInfoData slug;

	initStringInfo(&slug);
	for (; *name && slug.len < SLUG_LENGTH; name++)
	{
		char		c = pg_ascii_tolower((unsigned char) *name);

		if (is_digit(c) || (c >= 'a' && c <= 'z'))
			appendStringInfoChar(&slug, c);
		else if (slug.len > 0 && slug.data[slug.len - 1] != '_')
			appendStringInfoChar(&slug, '_');
	}
	if (slug.len > 0 && slug.data[slug.len - 1] == '_')
		slug.data[--slug.len] = '\0';
	return slug.data;
}

/*
 * mig_format_template
 *		Files of a new, empty migration: a List of MigFile *, palloc'd.
 *
 * Their paths are relative to the directory of the migrations.  Raises
 * ERRCODE_INVALID_PARAMETER_VALUE for an unknown format, a version that the
 * format cannot have, and a name without a letter or digit.
 */
List *
mig_format_template(const char *format, const char *version, const char *name)
{
	const Format *found = NULL;
	char	   *slug = make_slug(name);
	char	   *title = pstrdup(name);
	List	   *files = NIL;
	char	   *p;
	int			i;

	for (i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(formats[i].name, format) == 0)
			found = &formats[i];
	}
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown migration format \"%s\"", format),
				 errhint("The formats are %s.", format_names())));
	if (!is_version(version, found->dotted))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("version \"%s\" is not possible in the format %s",
						version, found->name),
				 found->dotted ?
				 errdetail("It must be numbers separated by dots.") :
				 errdetail("It must be a number.")));
	if (slug[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("name \"%s\" makes no file name", name),
				 errdetail("It must have a letter or a digit of ASCII.")));

	/* the title is one line of comment, whatever the name holds */
	for (p = title; *p; p++)
	{
		if ((unsigned char) *p < ' ')
			*p = ' ';
	}
	if (found->recognise == diesel_recognise)
		version = diesel_time(version);
	for (i = 0; i < lengthof(found->drafts) && found->drafts[i].text; i++)
	{
		const Draft *draft = &found->drafts[i];
		MigFile    *file = palloc(sizeof(MigFile));

		file->path = psprintf("%s%s%s%s%s", draft->before, version,
							  draft->between, slug, draft->after);
		file->content = psprintf("-- %s %s\n%s", version, title, draft->text);
		files = lappend(files, file);
	}
	return files;
}
