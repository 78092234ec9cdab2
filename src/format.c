/*-------------------------------------------------------------------------
 *
 * format.c
 *	  The formats of files that authors write.
 *
 * Owns what is known about other tools' files: how they are named, which
 * directives they have and what templates for new ones look like.  Each
 * format is one entry of mig_formats[], with its reader in a file of its own,
 * format_*.c; what readers share is here.  Which format a file is in, and how
 * files make one migration, is collect.c's business; what a line of SQL is,
 * lines.c's.
 *
 * Pure: no SPI, no catalogs, no locks, no file access, any transaction state.
 * Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"

#define SLUG_LENGTH 100			/* of the name in a template's file name */

/* Files in these are holes where the format has such migrations at all. */
static const struct
{
	const char *extension;
	const char *language;
}			languages[] = {
	{".go", "Go"},
	{".java", "Java"},
	{".kt", "Kotlin"},
	{".js", "JavaScript"},
	{".cjs", "JavaScript"},
	{".mjs", "JavaScript"},
	{".ts", "TypeScript"},
	{".cts", "TypeScript"},
	{".mts", "TypeScript"},
	{".py", "Python"},
	{".rb", "Ruby"},
	{".exs", "Elixir"},
	{".sh", "shell"},
	{".bash", "shell"},
	{".ps1", "PowerShell"},
	{".bat", "batch"},
	{".cmd", "batch"}
};

/* In order of precedence. */
const MigFormat *const mig_formats[] = {
	&mig_format_native,
	&mig_format_golang,
	&mig_format_goose,
	&mig_format_sqlmigrate,
	&mig_format_atlas,
	&mig_format_drizzle,
	&mig_format_graphile,
	&mig_format_node,
	&mig_format_diesel,
	&mig_format_prisma,
	&mig_format_flyway,
	&mig_format_sqlx,
	&mig_format_sqitch,
	&mig_format_alembic,
	&mig_format_rails,
	&mig_format_liquibase,
	&mig_format_plain
};

const int	mig_nformats = lengthof(mig_formats);

/*
 * What readers share.
 */

static uint32
hash_string(const void *key, Size keysize)
{
	const char *string = *(const char *const *) key;

	return hash_bytes((const unsigned char *) string, strlen(string));
}

static int
match_strings(const void *a, const void *b, Size keysize)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/*
 * mig_string_table
 *		A table for about n entries that begin with a char *, their key, which
 *		must outlive it.  It lives in a child of the current context.
 */
HTAB *
mig_string_table(const char *what, Size entrysize, int n)
{
	HASHCTL		ctl;

	ctl.keysize = sizeof(char *);
	ctl.entrysize = entrysize;
	ctl.hash = hash_string;
	ctl.match = match_strings;
	ctl.hcxt = CurrentMemoryContext;
	return hash_create(what, Max(n, 16), &ctl,
					   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

/*
 * mig_parse_json
 *		The value of a JSON file, palloc'd.  Raises ERRCODE_MIG_BAD_FILE.
 */
Jsonb *
mig_parse_json(const MigFileEntry *entry)
{
	MemoryContext caller = CurrentMemoryContext;
	Jsonb	   *volatile result = NULL;

	/* the parser holds nothing but memory when it raises an error */
	PG_TRY();
	{
		result = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
													CStringGetDatum(entry->text)));
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" is not valid JSON", entry->file->path),
				 errdetail_internal("%s", error->detail ? error->detail : error->message),
				 error->context ? errcontext("%s", error->context) : 0));
	}
	PG_END_TRY();
	return result;
}

/*
 * mig_has_suffix
 *		Does a string of that length end so, in any case?
 */
bool
mig_has_suffix(const char *string, size_t len, const char *suffix)
{
	size_t		suffix_len = strlen(suffix);

	return len >= suffix_len &&
		pg_strncasecmp(string + len - suffix_len, suffix, suffix_len) == 0;
}

/*
 * mig_skip_version
 *		Where digits(.digits)* that begin here end, or digits alone.
 */
const char *
mig_skip_version(const char *p, bool dotted)
{
	while (mig_is_digit(*p) || (dotted && *p == '.' && mig_is_digit(p[1])))
		p++;
	return p;
}

/*
 * mig_is_version
 *		Is that all of the string?
 */
bool
mig_is_version(const char *string, bool dotted)
{
	return mig_is_digit(*string) && *mig_skip_version(string, dotted) == '\0';
}

/*
 * mig_has_comment
 *		Has the file a line of comment that begins so, in any case, after the
 *		dashes and blanks?
 */
bool
mig_has_comment(const MigFileEntry *entry, const char *beginning)
{
	size_t		len = strlen(beginning);
	ListCell   *lc;

	foreach(lc, entry->comments)
	{
		if (pg_strncasecmp((const char *) lfirst(lc), beginning, len) == 0)
			return true;
	}
	return false;
}

/*
 * mig_entry_lines
 *		Stand before the first line of a file.
 */
void
mig_entry_lines(MigLines *lines, const MigFileEntry *entry)
{
	mig_lines_begin(lines, entry->text,
					psprintf("file \"%s\"", entry->file->path));
}

/*
 * mig_bad_name
 *		Refuse a file for its name.
 */
void
mig_bad_name(const MigFileEntry *entry)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("file \"%s\" is not named as a migration of format %s",
					entry->file->path, entry->format->name),
			 errdetail("Files of this format are named %s.",
					   entry->format->files)));
}

/*
 * mig_whole_script
 *		The whole file is one script, or a hole.
 */
void
mig_whole_script(const MigFileEntry *entry, MigSource *source, MigScript *script)
{
	script->path = entry->file->path;
	script->line = 1;
	if (entry->language)
	{
		script->text = pstrdup("");
		source->hole = psprintf("it is written in %s", entry->language);
		return;
	}
	script->text = pstrdup(entry->text);
	mig_leading_directives(source, script, entry->text, false);
}

/*
 * mig_take_number
 *		Version and name from a numbered file name.
 */
void
mig_take_number(const MigFileEntry *entry, MigSource *source)
{
	if (!entry->format->dotted &&
		(strchr(entry->version, '.') || entry->separator == '-'))
		mig_bad_name(entry);
	source->version = entry->version;
	source->name = entry->name;
}

/*
 * mig_switch_section
 *		The section that ends before this line, and the one that begins after.
 */
void
mig_switch_section(MigSections *sections, MigScript *next, const MigLines *lines,
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

/*
 * mig_last_section
 *		The section that ends with the file.
 */
void
mig_last_section(MigSections *sections)
{
	if (sections->current)
		sections->current->text = pstrdup(sections->start);
}

/*
 * mig_check_text_before
 *		Refuse code before the first section; code_line is 0 if there is none.
 */
void
mig_check_text_before(const MigLines *lines, int code_line, const char *mark)
{
	if (code_line > 0)
		mig_bad_line(lines, code_line,
					 psprintf("text before \"%s\"", mark),
					 "Only comments and blank lines may precede the first section.");
}

static int
compare_up_paths(const ListCell *a, const ListCell *b)
{
	return strcmp(((const MigSource *) lfirst(a))->up.path,
				  ((const MigSource *) lfirst(b))->up.path);
}

static void
path_callback(void *arg)
{
	errcontext("migration file \"%s\"", *(const char **) arg);
}

/*
 * mig_tell_name_order
 *		Say it if a tool that goes by names would run migrations in another
 *		order; whatever has no versions is out of it.
 */
void
mig_tell_name_order(List *sources, const char *tool)
{
	List	   *by_name = list_copy(sources);
	const MigSource *before = NULL;
	bytea	   *before_key = NULL;
	const char *path = NULL;
	ErrorContextCallback callback;
	ListCell   *lc;

	callback.callback = path_callback;
	callback.arg = &path;
	callback.previous = error_context_stack;
	list_sort(by_name, compare_up_paths);
	foreach(lc, by_name)
	{
		const MigSource *source = lfirst(lc);
		bytea	   *key;

		if (source->kind != MIG_KIND_VERSIONED)
			continue;
		path = source->up.path;
		error_context_stack = &callback;
		key = mig_version_key(source->kind, source->version);
		error_context_stack = callback.previous;
		if (before && mig_key_cmp(before_key, key) > 0)
		{
			ereport(NOTICE,
					(errmsg("\"%s\" comes after \"%s\" here, by number",
							before->up.path, source->up.path),
					 errdetail("%s orders files by name.", tool)));
			return;
		}
		before = source;
		before_key = key;
	}
}

/*
 * mig_next_setting
 *		Go to the next line KEY = VALUE, past blank ones and comments, as TOML
 *		and Java's properties have them; false if there is none.
 */
bool
mig_next_setting(MigLines *lines, MigSetting *setting)
{
	while (mig_lines_next(lines))
	{
		const char *start = mig_skip_blanks(lines->start);
		const char *equals;
		const char *end;

		if (start == lines->end || *start == '#' || *start == '!')
			continue;
		equals = memchr(start, '=', lines->end - start);
		setting->key = mig_copy_trimmed(start, equals ? equals : lines->end);
		setting->value = NULL;
		if (equals)
		{
			end = memchr(equals, '#', lines->end - equals);
			setting->value = mig_copy_trimmed(equals + 1, end ? end : lines->end);
		}
		return true;
	}
	return false;
}

/*
 * mig_boolean_setting
 *		The value of a setting that is true or false.
 */
bool
mig_boolean_setting(const MigLines *lines, const MigSetting *setting)
{
	if (setting->value && pg_strcasecmp(setting->value, "true") == 0)
		return true;
	if (setting->value == NULL || pg_strcasecmp(setting->value, "false") != 0)
		mig_bad_line(lines, lines->number,
					 psprintf("invalid value \"%s\" of %s",
							  setting->value ? setting->value : "", setting->key),
					 "It must be true or false.");
	return false;
}

/*
 * mig_open_statement
 *		Refuse a "StatementBegin" that has no end before this line;
 *		statement_line is 0 if there is none.
 */
void
mig_open_statement(const MigLines *lines, int statement_line, const char *tool)
{
	if (statement_line > 0)
		mig_bad_line(lines, statement_line,
					 psprintf("unterminated \"-- +%s StatementBegin\"", tool),
					 psprintf("The statement must end with a line \"-- +%s StatementEnd\".",
							  tool));
}

/*
 * mig_beside
 *		Is the entry's directory the first len bytes of path?
 */
bool
mig_beside(const MigFileEntry *entry, const char *path, size_t len)
{
	return entry->base - entry->file->path == len &&
		memcmp(entry->file->path, path, len) == 0;
}

/*
 * mig_refuse_above
 *		Refuse SQL in directories above that of an index file, which speaks only
 *		for its own; depth is that of the migrations.
 */
void
mig_refuse_above(List *entries, int depth)
{
	ListCell   *lc;

	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);

		if (entry->sql && entry->depth < depth)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%s\" lies above the migrations",
							entry->file->path),
					 errdetail("By \"%s\" the migrations are those of that file's directory.",
							   entry->index->file->path),
					 errhint("Give that directory, or move the file elsewhere.")));
	}
}

/*
 * mig_shorten_versions
 *		Where the identity is a whole name but begins with a number, let that
 *		be the version, unless an earlier migration in the list has it.
 */
void
mig_shorten_versions(List *sources)
{
	StringInfoData number;
	HASHCTL		ctl;
	HTAB	   *seen;
	ListCell   *lc;

	ctl.keysize = NAMEDATALEN;
	ctl.entrysize = NAMEDATALEN;
	ctl.hcxt = CurrentMemoryContext;
	seen = hash_create("numbers of migrations", list_length(sources), &ctl,
					   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	initStringInfo(&number);
	foreach(lc, sources)
	{
		MigSource  *source = (MigSource *) lfirst(lc);
		const char *start = source->version + strspn(source->version, "0");
		size_t		len = strspn(start, "0123456789");
		bool		found;

		/* longer ones are no numbers that anybody counts with */
		if (!mig_is_digit(source->version[0]) || len >= NAMEDATALEN)
			continue;
		resetStringInfo(&number);
		appendBinaryStringInfo(&number, start, len);
		hash_search(seen, number.data, HASH_ENTER, &found);
		if (!found)
			source->version = pnstrdup(source->version,
									   start + len - source->version);
	}
	hash_destroy(seen);
}

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
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", mig_formats[i]->name);
	return names.data;
}

/*
 * One file.
 */

static bool
is_sql(const char *base)
{
	/* hidden files are what editors and file systems leave behind */
	return base[0] != '.' && mig_has_suffix(base, strlen(base), ".sql");
}

static const char *
language_of(const char *base)
{
	int			i;

	if (base[0] == '.')
		return NULL;
	for (i = 0; i < lengthof(languages); i++)
	{
		if (mig_has_suffix(base, strlen(base), languages[i].extension))
			return languages[i].language;
	}
	return NULL;
}

/*
 * mig_is_script_name
 *		Is a file of that name SQL, or in a language that migrations are
 *		written in?
 */
bool
mig_is_script_name(const char *base)
{
	return is_sql(base) || language_of(base) != NULL;
}

/* Read the name as <version>[_-]<name>[.up|.down].<extension>, if it is such. */
static void
look_at_name(MigFileEntry *entry)
{
	const char *base = entry->base;
	size_t		len = strrchr(base, '.') - base;
	const char *p = mig_skip_version(base, true);
	const char *end;

	entry->part = PART_WHOLE;
	if (mig_has_suffix(base, len, ".up"))
	{
		entry->part = PART_UP;
		len -= strlen(".up");
	}
	else if (mig_has_suffix(base, len, ".down"))
	{
		entry->part = PART_DOWN;
		len -= strlen(".down");
	}
	end = base + len;

	if (!mig_is_digit(*base) || (p < end && *p != '_' && *p != '-'))
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

	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		const char *comment = mig_after_marker(&lines, "");

		if (comment)
			entry->comments = lappend(entry->comments, (char *) comment);
	}
}

/* What a path alone says. */
static MigFileEntry *
entry_of_path(const MigFile *file)
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
	entry->sql = is_sql(entry->base);
	if (!entry->sql)
		entry->language = language_of(entry->base);
	if (entry->sql || entry->language)
		look_at_name(entry);
	return entry;
}

/*
 * mig_format_is_script
 *		Is this SQL, which must be read?  Others may be of no interest.
 */
bool
mig_format_is_script(const char *path)
{
	const char *slash = strrchr(path, '/');

	return is_sql(slash ? slash + 1 : path);
}

/*
 * mig_format_reads
 *		Must the caller read this file, for collect.c to look at?
 */
bool
mig_format_reads(const char *path)
{
	MigFile		file = {(char *) path, NULL};
	MigFileEntry *entry = entry_of_path(&file);
	int			i;

	if (entry->sql)
		return true;
	for (i = 0; i < mig_nformats; i++)
	{
		if (mig_formats[i]->settings && mig_formats[i]->settings(entry))
			return true;
	}
	return false;
}

/*
 * mig_file_entry
 *		A first look at a file.  The result is palloc'd and points into *file,
 *		which must have content if it is SQL.
 */
MigFileEntry *
mig_file_entry(const MigFile *file)
{
	MigFileEntry *entry = entry_of_path(file);

	entry->text = file->content;
	if (entry->text && strncmp(entry->text, "\xEF\xBB\xBF", 3) == 0)
		entry->text += 3;
	if (entry->sql)
	{
		if (entry->text == NULL)
			elog(ERROR, "file \"%s\" was not read", file->path);
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

		if (mig_is_digit(c) || (c >= 'a' && c <= 'z'))
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
		if (strcmp(mig_formats[i]->name, name) == 0)
			return mig_formats[i];
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
 * mig_format_verifies_by_errors
 *		Does a verify script of the format fail by errors only, whatever rows
 *		it returns?
 */
bool
mig_format_verifies_by_errors(const char *format)
{
	const MigFormat *found = find_format(format);

	return found != NULL && found->verifies_by_errors;
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
	if (found->drafts[0].text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("there is no template for migrations of the format %s",
						found->name),
				 errhint("Make them with the tool whose format it is.")));
	if (!mig_is_version(version, found->dotted))
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
	if (found->spell)
		version = found->spell(version);
	for (i = 0; i < lengthof(found->drafts) && found->drafts[i].text; i++)
	{
		const MigDraft *draft = &found->drafts[i];
		MigFile    *file = palloc(sizeof(MigFile));

		file->path = psprintf("%s%s%s%s%s", draft->before, version,
							  draft->between, slug, draft->after);
		file->content = psprintf("%s-- %s %s\n%s", found->heading ? found->heading : "",
								 version, title, draft->text);
		files = lappend(files, file);
	}
	return files;
}
