/*-------------------------------------------------------------------------
 *
 * format.c
 *	  The formats of files that authors write.
 *
 * Owns what is known about other tools' files: how they are named, which
 * directives they have and what templates for new ones look like.  Each
 * format is one entry of mig_formats[], with a reader of its own; a new one
 * is added in this file only.  Which format a file is in, and how files make
 * one migration, is collect.c's business; what a line of SQL is, lines.c's.
 *
 * Pure: no SPI, no catalogs, no locks, no file access, any transaction state.
 * Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"
#include "lines.h"

#include "lib/stringinfo.h"

#define is_digit(c) ((c) >= '0' && (c) <= '9')

#define UNDO_COMMENT "-- Undoes the up script.\n"
#define SLUG_LENGTH 100			/* of the name in a template's file name */

/* Cuts a file at its section directives. */
typedef struct Sections
{
	const MigFileEntry *entry;
	MigScript  *current;		/* NULL: before the first */
	const char *start;			/* of current's text */
} Sections;

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
replace_underscores(char *string, char to)
{
	for (; *string; string++)
	{
		if (*string == '_')
			*string = to;
	}
}

static void
begin_lines(MigLines *lines, const MigFileEntry *entry)
{
	mig_lines_begin(lines, entry->text,
					psprintf("file \"%s\"", entry->file->path));
}

/*
 * What readers share.
 */

static void
bad_name(const MigFileEntry *entry)
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
whole_script(const MigFileEntry *entry, MigSource *source, MigScript *script)
{
	script->text = pstrdup(entry->text);
	script->path = entry->file->path;
	script->line = 1;
	mig_leading_directives(source, script, entry->text, false);
}

/* Version and name from a numbered file name. */
static void
take_number(const MigFileEntry *entry, MigSource *source)
{
	if (!entry->format->dotted &&
		(strchr(entry->version, '.') || entry->separator == '-'))
		bad_name(entry);
	source->version = entry->version;
	source->name = entry->name;
}

/* The section that ends before this line, and the one that begins after. */
static void
switch_section(Sections *sections, MigScript *next, const MigLines *lines,
			   const char *title)
{
	if (sections->current)
		sections->current->text = pnstrdup(sections->start,
										   lines->start - sections->start);
	if (next->line > 0)
		mig_bad_line(lines, lines->number,
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
check_text_before(const MigLines *lines, int code_line, const char *mark)
{
	if (code_line > 0)
		mig_bad_line(lines, code_line,
					 psprintf("text before \"%s\"", mark),
					 "Only comments and blank lines may precede the first section.");
}

/*
 * The value of a setting.  The lines are KEY = VALUE or comments, as in TOML
 * and in Java's properties.  In TOML it must be there, among others; in
 * properties it is the only one, and true if it is not there.
 */
static bool
read_setting(const MigFileEntry *entry, const char *key, bool toml)
{
	MigLines	lines;
	bool		found = false;
	bool		value = true;

	begin_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		const char *start = mig_skip_blanks(lines.start);
		const char *equals = memchr(lines.start, '=', lines.end - lines.start);
		const char *end;
		char	   *word;

		if (start == lines.end || *start == '#' || *start == '!')
			continue;
		if (toml && *start == '[')
			break;				/* what follows belongs to a table */
		word = mig_copy_trimmed(start, equals ? equals : lines.end);
		if (equals == NULL || strcmp(word, key) != 0)
		{
			if (toml)
				continue;
			mig_bad_line(&lines, lines.number,
						 psprintf("unsupported setting \"%s\"", word),
						 psprintf("Only %s is supported.", key));
		}

		end = memchr(equals, '#', lines.end - equals);
		word = mig_copy_trimmed(equals + 1, end ? end : lines.end);
		value = strcmp(word, "true") == 0;
		if (!value && strcmp(word, "false") != 0)
			mig_bad_line(&lines, lines.number,
						 psprintf("invalid value \"%s\" of %s", word, key),
						 "It must be true or false.");
		found = true;
	}

	if (toml && !found)
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
is_diesel_name(const MigFileEntry *entry)
{
	return entry->parent[0] != '\0' &&
		(pg_strcasecmp(entry->base, "up.sql") == 0 ||
		 pg_strcasecmp(entry->base, "down.sql") == 0);
}

static bool
is_prisma_name(const MigFileEntry *entry)
{
	return entry->parent[0] != '\0' &&
		pg_strcasecmp(entry->base, "migration.sql") == 0;
}

static MigFit
native_recognise(const MigFileEntry *entry)
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
section_options(const MigLines *lines, const MigDirective *directive,
				MigScript *script)
{
	const char *list = directive->options;
	char	   *option;

	while ((option = mig_next_item(&list)) != NULL)
	{
		if (pg_strcasecmp(option, "transaction:false") == 0)
			script->no_transaction = true;
		else if (pg_strcasecmp(option, "transaction:true") != 0)
			mig_bad_line(lines, lines->number,
						 psprintf("unknown option \"%s\" of \"-- migrate:%s\"",
								  option, directive->spelling),
						 "The one option is transaction:false.");
	}
}

static void
native_read(const MigFileEntry *entry, MigSource *source)
{
	/* by MigWord */
	MigScript  *scripts[] = {&source->up, &source->down, &source->verify};
	const char *const titles[] = {"up", "down", "verify"};
	Sections	sections = {entry, NULL, NULL};
	MigLines	lines;
	MigDirective directive;
	int			code_line = 0;

	begin_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		MigWord		word = mig_read_directive(&lines, &directive);

		switch (word)
		{
			case WORD_UP:
				if (sections.current == NULL)
					check_text_before(&lines, code_line, "-- migrate:up");
				/* FALLTHROUGH */
			case WORD_DOWN:
			case WORD_VERIFY:
				if (word != WORD_UP && sections.current == NULL)
					mig_misplaced_directive(&lines, &directive,
											"The first section of a file is \"-- migrate:up\".");
				switch_section(&sections, scripts[word], &lines, titles[word]);
				section_options(&lines, &directive, scripts[word]);
				break;
			case WORD_REQUIRES:
				mig_add_requires(&lines, &directive, source);
				break;
			case WORD_NO_TRANSACTION:
				if (sections.current)
					sections.current->no_transaction = true;
				else
					source->up.no_transaction = source->down.no_transaction = true;
				break;
			case WORD_REPEATABLE:
				if (sections.current)
					mig_misplaced_directive(&lines, &directive,
											"It belongs before \"-- migrate:up\".");
				mig_make_repeatable(&lines, &directive, source);
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

static MigFit
goose_recognise(const MigFileEntry *entry)
{
	return entry->numbered && entry->part == PART_WHOLE && entry->goose ?
		FIT_SURE : FIT_NO;
}

static void
open_statement(const MigLines *lines, int statement_line)
{
	if (statement_line > 0)
		mig_bad_line(lines, statement_line,
					 "unterminated \"-- +goose StatementBegin\"",
					 "The statement must end with a line \"-- +goose StatementEnd\".");
}

static void
goose_read(const MigFileEntry *entry, MigSource *source)
{
	Sections	sections = {entry, NULL, NULL};
	MigLines	lines;
	int			code_line = 0;
	int			statement_line = 0;
	bool		no_transaction = false;

	take_number(entry, source);
	begin_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		const char *rest = mig_after_marker(&lines, "+goose");
		const char *misplaced = NULL;
		char	   *word;

		if (rest == NULL)
		{
			if (lines.code && code_line == 0)
				code_line = lines.number;
			continue;
		}
		mig_check_indent(&lines);
		word = mig_copy_trimmed(rest, lines.end);
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
			mig_bad_line(&lines, lines.number,
						 psprintf("unsupported directive \"-- +goose %s\"", word),
						 "Substitution from the environment is not supported: the values must stand in the file.");
		else if (pg_strcasecmp(word, "ENVSUB OFF") != 0)
			mig_bad_line(&lines, lines.number,
						 psprintf("unknown directive \"-- +goose %s\"", word),
						 "The directives are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION and ENVSUB OFF.");
		if (misplaced)
			mig_bad_line(&lines, lines.number,
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

	mig_leading_directives(source, &source->up, entry->text, false);
	if (no_transaction || source->up.no_transaction)
		source->up.no_transaction = source->down.no_transaction = true;
}

/*
 * golang-migrate, sqlx and plain: numbered files that are whole scripts.  A
 * first line "-- no-transaction" is honoured in all of them, and sqlx is told
 * from the other two by nothing else.
 */

static MigFit
golang_recognise(const MigFileEntry *entry)
{
	return entry->numbered && entry->part != PART_WHOLE &&
		!entry->no_transaction ? FIT_SURE : FIT_NO;
}

static MigFit
plain_recognise(const MigFileEntry *entry)
{
	return entry->numbered && entry->part == PART_WHOLE &&
		!entry->sections && !entry->repeatable && !entry->goose &&
		!entry->no_transaction ? FIT_SURE : FIT_NO;
}

static MigFit
sqlx_recognise(const MigFileEntry *entry)
{
	if (!entry->numbered)
		return FIT_NO;
	if (entry->part == PART_WHOLE &&
		(entry->sections || entry->repeatable || entry->goose))
		return FIT_NO;
	return entry->no_transaction ? FIT_SURE : FIT_POSSIBLE;
}

static void
numbered_read(const MigFileEntry *entry, MigSource *source)
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

static MigFit
diesel_recognise(const MigFileEntry *entry)
{
	return is_diesel_name(entry) ? FIT_SURE : FIT_NO;
}

static bool
diesel_settings(const MigFileEntry *entry)
{
	return entry->parent[0] != '\0' &&
		strcmp(entry->base, "metadata.toml") == 0;
}

static void
diesel_read(const MigFileEntry *entry, MigSource *source)
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
			!read_setting(entry, "run_in_transaction", true);
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

static MigFit
prisma_recognise(const MigFileEntry *entry)
{
	return is_prisma_name(entry) ? FIT_SURE : FIT_NO;
}

static void
prisma_read(const MigFileEntry *entry, MigSource *source)
{
	const char *underscore = strchr(entry->parent, '_');

	source->version = entry->parent;
	source->name = pstrdup(underscore ? underscore + 1 : entry->parent);
	whole_script(entry, source, &source->up);
}

/*
 * Flyway
 */

static MigFit
flyway_recognise(const MigFileEntry *entry)
{
	return is_flyway_name(entry->base) ? FIT_SURE : FIT_NO;
}

static bool
flyway_settings(const MigFileEntry *entry)
{
	return is_flyway_name(entry->base) &&
		has_suffix(entry->base, strlen(entry->base), ".sql.conf");
}

static void
flyway_read(const MigFileEntry *entry, MigSource *source)
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

		replace_underscores(name, ' ');
		source->name = mig_copy_trimmed(name, name + strlen(name));
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
		replace_underscores(source->version, '.');
		if (!is_version(source->version, true))
			bad_name(entry);
	}

	if (entry->sql)
		whole_script(entry, source, script);
	else
		script->no_transaction =
			!read_setting(entry, "executeInTransaction", false);
}

/* In order of precedence. */
const MigFormat mig_formats[] = {
	{
		.name = "native",
		.files = "<version>_<name>.sql, or <name>.sql if \"-- migrate:repeatable\" is in it",
		.mark = "-- migrate:up",
		.dotted = true,
		.recognise = native_recognise,
		.read = native_read,
		.drafts = {
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
		.name = "golang-migrate",
		.files = "<number>_<name>.up.sql and <number>_<name>.down.sql",
		.recognise = golang_recognise,
		.read = numbered_read,
		.drafts = {{"", "_", ".up.sql", ""}, {"", "_", ".down.sql", UNDO_COMMENT}}
	},
	{
		.name = "goose",
		.files = "<number>_<name>.sql",
		.mark = "-- +goose Up",
		.recognise = goose_recognise,
		.read = goose_read,
		.drafts = {{"", "_", ".sql", "\n-- +goose Up\n\n-- +goose Down\n"}}
	},
	{
		.name = "diesel",
		.files = "<time>_<name>/up.sql and <time>_<name>/down.sql",
		.nested = true,
		.recognise = diesel_recognise,
		.settings = diesel_settings,
		.read = diesel_read,
		.drafts = {{"", "_", "/up.sql", ""}, {"", "_", "/down.sql", UNDO_COMMENT}}
	},
	{
		.name = "prisma",
		.files = "<time>_<name>/migration.sql",
		.nested = true,
		.recognise = prisma_recognise,
		.read = prisma_read,
		.drafts = {{"", "_", "/migration.sql", ""}}
	},
	{
		.name = "flyway",
		.files = "V<version>__<name>.sql, U<version>__<name>.sql, B<version>__<name>.sql and R__<name>.sql",
		.dotted = true,
		.recognise = flyway_recognise,
		.settings = flyway_settings,
		.read = flyway_read,
		.drafts = {{"V", "__", ".sql", ""}, {"U", "__", ".sql", UNDO_COMMENT}}
	},
	{
		.name = "sqlx",
		.files = "<number>_<name>.sql, or <number>_<name>.up.sql and <number>_<name>.down.sql",
		.recognise = sqlx_recognise,
		.read = numbered_read,
		.drafts = {{"", "_", ".up.sql", ""}, {"", "_", ".down.sql", UNDO_COMMENT}}
	},
	{
		.name = "plain",
		.files = "<version>_<name>.sql",
		.unmarked = true,
		.dotted = true,
		.recognise = plain_recognise,
		.read = numbered_read,
		.drafts = {{"", "_", ".sql", ""}}
	}
};

const int	mig_nformats = lengthof(mig_formats);

/*
 * mig_format_names
 *		The names of all formats, for messages.  palloc'd.
 */
char *
mig_format_names(void)
{
	StringInfoData names;
	int			i;

	initStringInfo(&names);
	for (i = 0; i < mig_nformats; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", mig_formats[i].name);
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
 *		Must the caller read this file, for collect.c to look at?
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
look_at_name(MigFileEntry *entry)
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
look_at_text(MigFileEntry *entry)
{
	MigLines	lines;
	MigDirective directive;

	entry->no_transaction = strncmp(entry->text, "-- no-transaction",
									strlen("-- no-transaction")) == 0;

	begin_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		if (mig_after_marker(&lines, "+goose"))
			entry->goose = true;
		switch (mig_look_for_directive(&lines, &directive))
		{
			case WORD_UP:
			case WORD_DOWN:
			case WORD_VERIFY:
				entry->sections = true;
				break;
			case WORD_REPEATABLE:
				entry->repeatable = true;
				break;
			default:
				break;
		}
	}
}

/*
 * mig_file_entry
 *		A first look at a file.  The result is palloc'd and points into *file,
 *		which must have content if it is SQL.
 */
MigFileEntry *
mig_file_entry(const MigFile *file)
{
	MigFileEntry *entry = palloc0(sizeof(MigFileEntry));
	const char *slash;

	entry->file = file;
	entry->base = file->path;
	entry->parent = pstrdup("");
	while ((slash = strchr(entry->base, '/')) != NULL)
	{
		entry->parent = pnstrdup(entry->base, slash - entry->base);
		entry->base = slash + 1;
		entry->depth++;
	}

	entry->text = file->content;
	if (entry->text && strncmp(entry->text, "\xEF\xBB\xBF", 3) == 0)
		entry->text += 3;

	entry->sql = is_sql(entry->base);
	if (entry->sql)
	{
		if (entry->text == NULL)
			elog(ERROR, "file \"%s\" was not read", file->path);
		look_at_name(entry);
		look_at_text(entry);
	}
	return entry;
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

static const MigFormat *
find_format(const char *name)
{
	int			i;

	for (i = 0; i < mig_nformats; i++)
	{
		if (strcmp(mig_formats[i].name, name) == 0)
			return &mig_formats[i];
	}
	return NULL;
}

/*
 * mig_format_has_settings
 *		Does the format say how to run a script in a file beside it?
 */
bool
mig_format_has_settings(const char *format)
{
	const MigFormat *found = find_format(format);

	return found != NULL && found->settings != NULL;
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
	const MigFormat *found = find_format(format);
	char	   *slug = make_slug(name);
	char	   *title = pstrdup(name);
	List	   *files = NIL;
	char	   *p;
	int			i;

	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown migration format \"%s\"", format),
				 errhint("The formats are %s.", mig_format_names())));
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
		const MigDraft *draft = &found->drafts[i];
		MigFile    *file = palloc(sizeof(MigFile));

		file->path = psprintf("%s%s%s%s%s", draft->before, version,
							  draft->between, slug, draft->after);
		file->content = psprintf("-- %s %s\n%s", version, title, draft->text);
		files = lappend(files, file);
	}
	return files;
}
