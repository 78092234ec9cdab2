/*-------------------------------------------------------------------------
 *
 * format_liquibase.c
 *	  Changelogs of Liquibase: which of them run, and in which order.
 *
 * Changesets run in the order of the changelog, whatever they are called.
 * If one of the files includes others, the one that no other includes is the
 * master, and what it does not reach does not run; otherwise all files run in
 * the order of their paths, as with includeAll.  A changeset in XML, YAML or
 * JSON is a hole, unless all that it does is to set a tag.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_liquibase.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define SHOWN_FILTERED 10		/* changesets that a message names */

/* A changelog, or what may be one: a file among the others. */
typedef struct Changelog
{
	MigFileEntry *entry;
	char	   *path;			/* as paths are compared */
	MigLbNode  *root;			/* of one that is not SQL, or NULL */
	List	   *includes;		/* of MigLbNode *: of one that is SQL */
	bool		changelog;
	bool		included;
	bool		open;			/* it is being read */
	bool		read;
} Changelog;

typedef struct ByName
{
	const char *name;			/* hash key: a path, or its last component */
	List	   *logs;			/* of Changelog * */
} ByName;

typedef struct Walk
{
	MigLbRead	read;
	List	   *logs;			/* of Changelog *, in order of path */
	HTAB	   *by_path;
	HTAB	   *by_base;
} Walk;

static void read_changelog(Walk *walk, Changelog *log, const MigLbFilter *filter);

static uint32
string_hash_at(const void *key, Size keysize)
{
	const char *string = *(const char *const *) key;

	return hash_bytes((const unsigned char *) string, strlen(string));
}

static int
string_match_at(const void *a, const void *b, Size keysize)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static HTAB *
create_hash(const char *name, Size entrysize)
{
	HASHCTL		ctl;

	ctl.keysize = sizeof(char *);
	ctl.entrysize = entrysize;
	ctl.hash = string_hash_at;
	ctl.match = string_match_at;
	ctl.hcxt = CurrentMemoryContext;
	return hash_create(name, 256, &ctl,
					   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

/*
 * What a file is.
 */

static const char *
tree_language(const MigFileEntry *entry)
{
	static const char *const languages[][2] = {
		{".xml", "XML"}, {".yaml", "YAML"}, {".yml", "YAML"}, {".json", "JSON"}
	};
	size_t		len = strlen(entry->base);
	int			i;

	for (i = 0; i < lengthof(languages); i++)
	{
		if (entry->base[0] != '.' && mig_has_suffix(entry->base, len, languages[i][0]))
			return languages[i][1];
	}
	return NULL;
}

static bool
liquibase_settings(const MigFileEntry *entry)
{
	return tree_language(entry) != NULL;
}

/* Any XML, YAML or JSON file may lie about; a changelog says that it is one. */
static bool
liquibase_index(const MigFileEntry *entry)
{
	return tree_language(entry) && entry->text && strstr(entry->text, "databaseChangeLog");
}

static MigFit
liquibase_recognise(const MigFileEntry *entry)
{
	if (!entry->sql)
		return FIT_NO;
	if (mig_lb_is_formatted(entry->text))
		return FIT_SURE;
	/* a changelog may include plain SQL; Liquibase passes over empty files */
	return entry->indexed || entry->text[strspn(entry->text, " \t\r\n\f\v")] == '\0' ?
		FIT_POSSIBLE : FIT_NO;
}

/*
 * Paths.
 */

/* A path without what makes no difference: "classpath:", "//", "." and "..". */
static char *
normal_path(const char *directory, const char *path)
{
	StringInfoData buf;
	const char *p;

	if (pg_strncasecmp(path, "classpath*:", 11) == 0)
		path += 11;
	else if (pg_strncasecmp(path, "classpath:", 10) == 0)
		path += 10;
	initStringInfo(&buf);
	if (directory)
		appendStringInfoString(&buf, directory);
	for (p = path; *p;)
	{
		size_t		len = strcspn(p, "/\\");
		char	   *slash;

		if (len == 2 && strncmp(p, "..", 2) == 0 && buf.len > 0)
		{
			slash = strrchr(buf.data, '/');
			buf.len = slash ? slash - buf.data : 0;
			buf.data[buf.len] = '\0';
		}
		else if (len > 0 && !(len == 1 && *p == '.'))
		{
			if (buf.len > 0)
				appendStringInfoChar(&buf, '/');
			appendBinaryStringInfo(&buf, p, len);
		}
		p += len;
		p += *p != '\0';
	}
	return buf.data;
}

static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? pnstrdup(path, slash - path) : pstrdup("");
}

/* Does the path end with the other one, at a slash? */
static bool
ends_with_path(const char *path, const char *end)
{
	size_t		len = strlen(path);
	size_t		end_len = strlen(end);

	return len >= end_len && strcmp(path + len - end_len, end) == 0 &&
		(len == end_len || path[len - end_len - 1] == '/');
}

static bool
is_true(const char *value)
{
	return value && pg_strcasecmp(value, "true") == 0;
}

/*
 * The file that a changelog names, or NULL.  What is not relative to the
 * changelog is relative to where Liquibase was started, which may be above
 * our directory or below the root of its path.
 */
static Changelog *
find_log(const Walk *walk, const Changelog *from, const char *file, bool relative, int line)
{
	char	   *path = normal_path(relative ? directory_of(from->path) : NULL, file);
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const ByName *named = hash_search(walk->by_path, &path, HASH_FIND, NULL);
	Changelog  *found = NULL;
	ListCell   *lc;

	if (named)
		return linitial(named->logs);
	named = hash_search(walk->by_base, &base, HASH_FIND, NULL);
	if (relative || named == NULL)
		return NULL;
	foreach(lc, named->logs)
	{
		Changelog  *log = lfirst(lc);

		if (!ends_with_path(log->path, path) && !ends_with_path(path, log->path))
			continue;
		if (found)
			mig_lb_bad(from->entry->file->path, line,
					   psprintf("path \"%s\" that is not clear", file),
					   psprintf("It may be \"%s\" or \"%s\".", found->entry->file->path,
								log->entry->file->path));
		found = log;
	}
	return found;
}

/* How long the part of a file's path is that a directory's path stands for. */
static size_t
match_directory(const char *path, const char *directory)
{
	size_t		len = strlen(directory);
	const char *p;

	if (len == 0)
		return 0;
	for (p = strstr(path, directory); p; p = strstr(p + 1, directory))
	{
		if ((p == path || p[-1] == '/') && p[len] == '/')
			return p + len - path;
	}
	/* the beginning of its path may be above ours */
	for (p = directory; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
	{
		len = strlen(p);
		if (p > directory && strncmp(path, p, len) == 0 && path[len] == '/')
			return len;
	}
	return 0;
}

static int
count_slashes(const char *path)
{
	int			n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

static int
compare_logs(const ListCell *a, const ListCell *b)
{
	return strcmp(((const Changelog *) lfirst(a))->path,
				  ((const Changelog *) lfirst(b))->path);
}

/* The changelogs in a directory, in order; *missing: there is no such one. */
static List *
find_directory(const Walk *walk, const Changelog *from, const MigLbNode *node,
			   bool *missing)
{
	const char *value = mig_lb_value(node, "path");
	const char *ending = mig_lb_value(node, "endsWithFilter");
	const char *min = mig_lb_value(node, "minDepth");
	const char *max = mig_lb_value(node, "maxDepth");
	bool		relative = is_true(mig_lb_value(node, "relativeToChangelogFile"));
	char	   *path = normal_path(relative ? directory_of(from->path) : NULL, value);
	const char *root = NULL;
	size_t		root_len = 0;
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, walk->logs)
	{
		Changelog  *log = lfirst(lc);
		size_t		len;
		int			depth;

		if (!relative)
			len = match_directory(log->path, path);
		else
		{
			len = strlen(path);
			if (len > 0 && (strncmp(log->path, path, len) != 0 || log->path[len] != '/'))
				continue;
		}
		if (!relative && len == 0)
			continue;
		if (root && (len != root_len || strncmp(log->path, root, len) != 0))
			mig_lb_bad(from->entry->file->path, node->line,
					   psprintf("path \"%s\" that is not clear", value),
					   psprintf("It may be \"%s\" or \"%s\".", pnstrdup(root, root_len),
								pnstrdup(log->path, len)));
		root = log->path;
		root_len = len;
		depth = count_slashes(log->path + len) + (len == 0);
		if (log == from || !log->changelog || (min && depth < atoi(min)) || (max && depth > atoi(max)) ||
			(ending && !mig_has_suffix(log->path, strlen(log->path), ending)))
			continue;
		result = lappend(result, log);
	}
	*missing = root == NULL;
	list_sort(result, compare_logs);
	return result;
}

/*
 * Items of a changelog.
 */

static bool
is_include(const MigLbNode *node)
{
	return strcmp(node->name, "include") == 0 || strcmp(node->name, "includeAll") == 0;
}

/* The changelogs that an include or includeAll stands for. */
static List *
resolve_include(const Walk *walk, const Changelog *from, const MigLbNode *node)
{
	static const char *const known[] = {
		"file", "path", "relativeToChangelogFile", "errorIfMissing",
		"errorIfMissingOrEmpty", "context", "contextFilter", "labels",
		"ignore", "minDepth", "maxDepth", "endsWithFilter", "created",
		"logicalFilePath"
	};
	bool		all = strcmp(node->name, "includeAll") == 0;
	const char *target = mig_lb_value(node, all ? "path" : "file");
	const char *strict = mig_lb_value(node, all ? "errorIfMissingOrEmpty" : "errorIfMissing");
	Changelog  *found;
	List	   *result = NIL;
	bool		missing;
	ListCell   *lc;

	foreach(lc, node->children)
	{
		const MigLbNode *child = lfirst(lc);
		int			i;

		for (i = 0; i < lengthof(known); i++)
		{
			if (strcmp(child->name, known[i]) == 0)
				break;
		}
		if (i == lengthof(known) || (i == lengthof(known) - 1 && child->value && *child->value))
			mig_lb_bad(from->entry->file->path, child->line,
					   psprintf("unsupported attribute \"%s\" of %s", child->name, node->name),
					   "It may change which files are included, or how.");
	}
	if (target == NULL)
		mig_lb_bad(from->entry->file->path, node->line,
				   psprintf("%s without a %s", node->name, all ? "path" : "file"),
				   "It must say what it includes.");
	if (all)
		result = find_directory(walk, from, node, &missing);
	else
	{
		found = find_log(walk, from, target,
						 is_true(mig_lb_value(node, "relativeToChangelogFile")), node->line);
		missing = found == NULL;
		if (found)
			result = list_make1(found);
	}
	if (missing && (strict == NULL || is_true(strict)))
		mig_lb_bad(from->entry->file->path, node->line,
				   psprintf("%s of \"%s\", which is not there", node->name, target),
				   "The directory that is read must have all that its changelogs include.");
	return result;
}

/* What an element of a changelog adds to the conditions of what is in it. */
static MigLbFilter
narrow(const Walk *walk, const Changelog *log, const MigLbNode *node,
	   const MigLbFilter *filter)
{
	MigLbFilter result = *filter;
	const char *value = mig_lb_value(node, "contextFilter");

	if (value == NULL || *value == '\0')
		value = mig_lb_value(node, "context");
	if (value && *value)
		result.contexts = lappend(list_copy(filter->contexts),
								  mig_lb_expand(&walk->read, log->entry, value));
	value = mig_lb_value(node, "labels");
	if (value && *value)
		result.labels = lappend(list_copy(filter->labels),
								mig_lb_expand(&walk->read, log->entry, value));
	value = mig_lb_value(node, "dbms");
	if (value && *value)
		result.dbms = mig_lb_expand(&walk->read, log->entry, value);
	result.ignore |= is_true(mig_lb_value(node, "ignore"));
	return result;
}

static void
read_include(Walk *walk, Changelog *log, const MigLbNode *node, const MigLbFilter *filter)
{
	MigLbFilter narrowed = narrow(walk, log, node, filter);
	ListCell   *lc;

	foreach(lc, resolve_include(walk, log, node))
	{
		Changelog  *included = lfirst(lc);

		if (included->open)
			mig_lb_bad(log->entry->file->path, node->line,
					   psprintf("%s of \"%s\", which includes this file",
								node->name, included->entry->file->path),
					   "Changelogs must not include each other.");
		if (included->read)
			mig_lb_bad(log->entry->file->path, node->line,
					   psprintf("second %s of \"%s\"", node->name, included->entry->file->path),
					   "Its changesets would be there twice.");
		if (!included->changelog)
			mig_lb_bad(log->entry->file->path, node->line,
					   psprintf("%s of \"%s\", which is no changelog",
								node->name, included->entry->file->path),
					   "It has no databaseChangeLog.");
		read_changelog(walk, included, &narrowed);
	}
}

/* The tag that a changeset sets, if it does nothing else. */
static const char *
only_tag(const MigLbNode *node)
{
	static const char *const others[] = {
		"comment", "rollback", "validCheckSum", "validCheckSums"
	};
	const MigLbNode *changes = mig_lb_child(node, "changes");
	const char *tag = NULL;
	ListCell   *lc;

	foreach(lc, changes ? changes->children : node->children)
	{
		const MigLbNode *child = lfirst(lc);
		int			i;

		for (i = 0; i < lengthof(others); i++)
		{
			if (strcmp(child->name, others[i]) == 0)
				break;
		}
		if (strcmp(child->name, "tagDatabase") == 0 && tag == NULL)
			tag = mig_lb_value(child, "tag");
		else if (changes || (child->value == NULL && i == lengthof(others)))
			return NULL;
	}
	if (tag && (mig_lb_child(node, "preConditions") ||
				is_true(mig_lb_value(node, "runAlways")) ||
				is_true(mig_lb_value(node, "runOnChange"))))
		return NULL;
	return tag;
}

static void
read_changeset(Walk *walk, Changelog *log, const MigLbNode *node, const MigLbFilter *filter)
{
	const char *path = log->entry->file->path;
	const char *id = mig_lb_value(node, "id");
	const char *author = mig_lb_value(node, "author");
	const char *id_path = mig_lb_value(node, "logicalFilePath");
	const char *tag = only_tag(node);
	const char *comment = mig_lb_value(node, "comment");
	MigLbFilter narrowed = narrow(walk, log, node, filter);
	MigSource  *source = palloc0(sizeof(MigSource));

	if (id == NULL || *id == '\0' || author == NULL || *author == '\0')
		mig_lb_bad(path, node->line, "changeset without an id or an author",
				   "What it is known by must be told to go on behind it.");
	if (mig_lb_value(node, "runOrder"))
		mig_lb_bad(path, node->line, "unsupported attribute \"runOrder\" of a changeset",
				   "Changesets run in the order of the changelog.");
	if (id_path == NULL || *id_path == '\0')
		id_path = mig_lb_value(log->root, "logicalFilePath");
	if (id_path == NULL || *id_path == '\0')
		id_path = path;
	source->kind = MIG_KIND_VERSIONED;
	source->format = mig_format_liquibase.name;
	source->version = mig_lb_version(mig_lb_expand(&walk->read, log->entry, id_path),
									 mig_lb_expand(&walk->read, log->entry, id),
									 mig_lb_expand(&walk->read, log->entry, author));
	source->name = source->version;
	source->up.text = pstrdup("");
	source->up.path = log->entry->file->path;
	source->up.line = Max(node->line, 1);
	if (tag)
	{
		source->down = source->up;
		source->tags = list_make1(mig_lb_expand(&walk->read, log->entry, tag));
	}
	else
		source->hole = psprintf("it is written in %s", tree_language(log->entry));
	if (comment && *comment && strpbrk(comment, "\r\n\t") == NULL && strlen(comment) <= 200)
		source->name = pstrdup(comment);
	mig_lb_add(&walk->read, source, node->line, path, &narrowed);
}

static void
read_property(Walk *walk, Changelog *log, const MigLbNode *node)
{
	MigLbFilter none = {0};
	MigLbFilter filter = narrow(walk, log, node, &none);
	const char *name = mig_lb_value(node, "name");
	const char *value = mig_lb_value(node, "value");
	const char *global = mig_lb_value(node, "global");

	if (mig_lb_value(node, "file"))
		mig_lb_bad(log->entry->file->path, node->line, "unsupported attribute \"file\" of a property",
				   "Give the properties themselves.");
	mig_lb_set_property(&walk->read, log->entry, node->line, name,
						value ? mig_lb_expand(&walk->read, log->entry, value) : NULL,
						&filter, global == NULL || is_true(global));
}

/* Preconditions of a whole changelog: that the database is PostgreSQL. */
static void
check_preconditions(const Changelog *log, const MigLbNode *node)
{
	ListCell   *lc;

	foreach(lc, node->children)
	{
		const MigLbNode *child = lfirst(lc);
		MigLbFilter filter = {0};
		char	   *reason;

		if (child->value && (strcmp(child->name, "onFail") == 0 ||
							 strcmp(child->name, "onFailMessage") == 0 ||
							 strcmp(child->name, "onError") == 0 ||
							 strcmp(child->name, "onErrorMessage") == 0))
			continue;
		filter.dbms = mig_lb_value(child, "type");
		if (strcmp(child->name, "dbms") != 0 || filter.dbms == NULL ||
			!mig_lb_matches(&filter, log->entry->file->path, &reason))
			mig_lb_bad(log->entry->file->path, child->line,
					   psprintf("unsupported precondition \"%s\" of a changelog", child->name),
					   "A whole changelog may only require dbms postgresql; changesets in SQL have preconditions of their own.");
	}
}

static void
read_tree(Walk *walk, Changelog *log, const MigLbFilter *filter)
{
	MigLbFilter narrowed = narrow(walk, log, log->root, filter);
	ListCell   *lc;

	foreach(lc, log->root->children)
	{
		const MigLbNode *node = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (is_include(node))
			read_include(walk, log, node, &narrowed);
		else if (strcmp(node->name, "changeSet") == 0)
			read_changeset(walk, log, node, &narrowed);
		else if (strcmp(node->name, "property") == 0)
			read_property(walk, log, node);
		else if (strcmp(node->name, "preConditions") == 0)
			check_preconditions(log, node);
		else if (node->value == NULL)
			mig_lb_bad(log->entry->file->path, node->line,
					   psprintf("unsupported element \"%s\" of a changelog", node->name),
					   "Supported are include, includeAll, changeSet, property and preConditions.");
	}
}

/* SQL without the line that Liquibase has: one changeset with a fixed name. */
static void
read_plain(Walk *walk, Changelog *log, const MigLbFilter *filter)
{
	MigSource  *source;

	if (log->entry->text[strspn(log->entry->text, " \t\r\n\f\v")] == '\0')
		return;
	source = palloc0(sizeof(MigSource));
	source->kind = MIG_KIND_VERSIONED;
	source->format = mig_format_liquibase.name;
	source->version = mig_lb_version(log->entry->file->path, "raw", "includeAll");
	source->name = source->version;
	source->up.text = pstrdup(log->entry->text);
	source->up.path = log->entry->file->path;
	source->up.line = 1;
	source->up.variables = mig_lb_variables(&walk->read, log->entry, source->up.text);
	mig_lb_add(&walk->read, source, 1, log->entry->file->path, filter);
}

static void
read_changelog(Walk *walk, Changelog *log, const MigLbFilter *filter)
{
	ListCell   *lc;

	check_stack_depth();
	log->open = log->read = true;
	if (log->root)
		read_tree(walk, log, filter);
	else if (!mig_lb_is_formatted(log->entry->text))
		read_plain(walk, log, filter);
	else
	{
		foreach(lc, log->includes)
			read_include(walk, log, lfirst(lc), filter);
		mig_lb_read_sql(&walk->read, log->entry, filter);
	}
	log->open = false;
}

/*
 * All files.
 */

static void
add_name(HTAB *table, const char *name, Changelog *log)
{
	bool		found;
	ByName	   *named = hash_search(table, &name, HASH_ENTER, &found);

	if (!found)
		named->logs = NIL;
	named->logs = lappend(named->logs, log);
}

static void
add_log(Walk *walk, MigFileEntry *entry)
{
	Changelog  *log = palloc0(sizeof(Changelog));

	log->entry = entry;
	log->path = normal_path(NULL, entry->file->path);
	log->changelog = entry->sql || liquibase_index(entry);
	if (log->changelog && !entry->sql)
		log->root = mig_lb_parse(entry);
	else if (entry->sql && mig_lb_is_formatted(entry->text))
		log->includes = mig_lb_sql_includes(entry);
	walk->logs = lappend(walk->logs, log);
	add_name(walk->by_path, log->path, log);
	add_name(walk->by_base, entry->base, log);
}

/* The changelog that includes others and that no other includes, or NULL. */
static Changelog *
find_master(const Walk *walk)
{
	Changelog  *master = NULL;
	Changelog  *any = NULL;
	ListCell   *lc;
	ListCell   *cell;
	ListCell   *target;

	foreach(lc, walk->logs)
	{
		Changelog  *log = lfirst(lc);

		foreach(cell, log->root ? log->root->children : log->includes)
		{
			const MigLbNode *node = lfirst(cell);

			if (!is_include(node))
				continue;
			any = log;
			foreach(target, resolve_include(walk, log, node))
				((Changelog *) lfirst(target))->included = true;
		}
	}
	if (any == NULL)
		return NULL;
	foreach(lc, walk->logs)
	{
		Changelog  *log = lfirst(lc);

		/* SQL that nothing includes does not run */
		if (log->included || (log->root == NULL && log->includes == NIL))
			continue;
		if (master)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("files \"%s\" and \"%s\" are both changelogs that no other includes",
							master->entry->file->path, log->entry->file->path),
					 errdetail("Which one Liquibase begins with is not clear."),
					 errhint("Keep one of them elsewhere, or include it in the other.")));
		master = log;
	}
	if (master == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("there is no changelog to begin with"),
				 errdetail("Each one is included by another, such as \"%s\".",
						   any->entry->file->path)));
	return master;
}

static void
report_filtered(const List *filtered)
{
	StringInfoData buf;
	ListCell   *lc;
	int			n = 0;

	if (filtered == NIL)
		return;
	initStringInfo(&buf);
	foreach(lc, filtered)
	{
		if (n == SHOWN_FILTERED)
		{
			appendStringInfo(&buf, " and %d more", list_length(filtered) - n);
			break;
		}
		appendStringInfo(&buf, "%s%s", n++ > 0 ? ", " : "", (char *) lfirst(lc));
	}
	ereport(NOTICE,
			(errmsg_plural("%d changeset is not for this database and was skipped: %s",
						   "%d changesets are not for this database and were skipped: %s",
						   list_length(filtered), list_length(filtered), buf.data)));
}

/* The changesets of all files, and the files that have none. */
static List *
liquibase_read_all(List *entries, List **skipped)
{
	Walk		walk = {{0}};
	MigLbFilter filter = {0};
	Changelog  *master;
	ListCell   *lc;

	walk.read.seen = create_hash("changesets", sizeof(MigLbSeen));
	walk.by_path = create_hash("changelogs", sizeof(ByName));
	walk.by_base = create_hash("changelogs by name", sizeof(ByName));
	foreach(lc, entries)
		add_log(&walk, lfirst(lc));
	list_sort(walk.logs, compare_logs);

	master = find_master(&walk);
	if (master)
		read_changelog(&walk, master, &filter);
	else
	{
		foreach(lc, walk.logs)
		{
			Changelog  *log = lfirst(lc);

			/* what is no changelog at all is skipped, empty or not */
			if (log->changelog)
				read_changelog(&walk, log, &filter);
		}
	}
	foreach(lc, walk.logs)
	{
		const Changelog *log = lfirst(lc);

		if (!log->read)
			*skipped = lappend(*skipped, log->entry->file->path);
	}
	report_filtered(walk.read.filtered);
	return walk.read.sources;
}

const MigFormat mig_format_liquibase = {
	.name = "liquibase",
	.files = "<name>.sql and begin with a line \"--liquibase formatted sql\"",
	.mark = "--liquibase formatted sql",
	.scattered = true,
	.together = true,
	.recognise = liquibase_recognise,
	.settings = liquibase_settings,
	.index = liquibase_index,
	.read_all = liquibase_read_all,
	.heading = "--liquibase formatted sql\n",
	.drafts = {{"", "_", ".sql", "\n--changeset author:1\n\n"}}
};
