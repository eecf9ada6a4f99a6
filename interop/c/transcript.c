/*
 * Walks through ZooKeeper's C client and prints what it sees, one line for each fact. Two servers that
 * give the same transcript cannot be told apart by this client. Usage: transcript host:port
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int state = 0;
static int events = 0;
static char lastEvent[200];
static int completions = 0;

static void onEvent(zhandle_t *zh, int type, int newState, const char *path, void *context) {
    (void)zh;
    pthread_mutex_lock(&lock);
    if (type == ZOO_SESSION_EVENT) {
        state = newState;
    } else {
        events++;
        snprintf(lastEvent, sizeof lastEvent, "%s type=%d state=%d path=%s",
                 context == NULL ? "default" : (const char *)context, type, newState, path);
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void fail(const char *what) {
    printf("gave up waiting: %s\n", what);
    exit(1);
}

static int waitMs(int ms) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    return pthread_cond_timedwait(&changed, &lock, &until);
}

static void waitState(int wanted) {
    pthread_mutex_lock(&lock);
    while (state != wanted)
        if (waitMs(15000) != 0) fail("a session state");
    pthread_mutex_unlock(&lock);
}

static void waitEvents(int wanted) {
    pthread_mutex_lock(&lock);
    while (events < wanted)
        if (waitMs(15000) != 0) fail("a watch event");
    printf("event %d: %s\n", events, lastEvent);
    pthread_mutex_unlock(&lock);
}

static void onCompletion(int rc, const void *data) {
    (void)rc;
    (void)data;
    pthread_mutex_lock(&lock);
    completions++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void onAuth(int rc, const void *data) {
    printf("auth %s: %d\n", (const char *)data, rc);
    onCompletion(rc, data);
}

static void onSet(int rc, const struct Stat *stat, const void *data) {
    (void)stat;
    onCompletion(rc, data);
}

static void onSynced(int rc, const char *path, const void *data) {
    printf("sync: %d %s\n", rc, path);
    onCompletion(rc, data);
}

static void waitCompletions(int wanted) {
    pthread_mutex_lock(&lock);
    while (completions < wanted)
        if (waitMs(15000) != 0) fail("a completion");
    pthread_mutex_unlock(&lock);
}

static void printStat(const struct Stat *stat) {
    printf("  stat czxid=%lld mzxid=%lld pzxid=%lld version=%d cversion=%d aversion=%d ephemeral=%s "
           "dataLength=%d numChildren=%d times=%s\n",
           (long long)stat->czxid, (long long)stat->mzxid, (long long)stat->pzxid, stat->version,
           stat->cversion, stat->aversion, stat->ephemeralOwner == 0 ? "no" : "yes",
           stat->dataLength, stat->numChildren, stat->ctime <= stat->mtime ? "ordered" : "odd");
}

static int byName(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void printStrings(struct String_vector *strings) {
    qsort(strings->data, strings->count, sizeof(char *), byName);
    for (int i = 0; i < strings->count; i++) printf("  %s\n", strings->data[i]);
    deallocate_String_vector(strings);
}

static void printAcls(struct ACL_vector *acls) {
    for (int i = 0; i < acls->count; i++)
        printf("  acl perms=%d %s:%s\n", acls->data[i].perms, acls->data[i].id.scheme,
               acls->data[i].id.id);
    deallocate_ACL_vector(acls);
}

static void get(zhandle_t *zh, const char *path) {
    char buffer[100];
    int length = sizeof buffer;
    struct Stat stat;
    int rc = zoo_get(zh, path, 0, buffer, &length, &stat);
    printf("get %s: %d", path, rc);
    if (rc == ZOK) printf(" length=%d '%.*s'", length, length < 0 ? 0 : length, buffer);
    printf("\n");
    if (rc == ZOK) printStat(&stat);
}

static void create(zhandle_t *zh, const char *path, const char *data, int mode, int64_t ttl) {
    char made[200] = "";
    struct Stat stat;
    int length = data == NULL ? -1 : (int)strlen(data);
    int rc = zoo_create2_ttl(zh, path, data, length, &ZOO_OPEN_ACL_UNSAFE, mode, ttl, made,
                             sizeof made, &stat);
    printf("create %s mode=%d: %d %s\n", path, mode, rc, rc == ZOK ? made : "");
    if (rc == ZOK) printStat(&stat);
}

static zhandle_t *connectTo(const char *address, const clientid_t *id) {
    state = 0;
    zhandle_t *zh = zookeeper_init(address, onEvent, 20000, id, NULL, 0);
    waitState(ZOO_CONNECTED_STATE);
    printf("connected, timeout %d, resumed %d\n", zoo_recv_timeout(zh),
           id != NULL && zoo_client_id(zh)->client_id == id->client_id);
    return zh;
}

static void basics(zhandle_t *zh) {
    create(zh, "/c", "hello", 0, -1);
    create(zh, "/c", "hello", 0, -1);
    create(zh, "/c/null", NULL, 0, -1);
    create(zh, "/c/empty", "", 0, -1);
    create(zh, "/c/seq-", "s", ZOO_PERSISTENT_SEQUENTIAL, -1);
    create(zh, "/c/e", "e", ZOO_EPHEMERAL, -1);
    create(zh, "/c/es-", "e", ZOO_EPHEMERAL_SEQUENTIAL, -1);
    create(zh, "/c/e/child", "e", 0, -1);
    create(zh, "/c/container", "c", ZOO_CONTAINER, -1);
    create(zh, "/c/ttl", "t", ZOO_PERSISTENT_WITH_TTL, 100000);
    create(zh, "/c/ttl-", "t", ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 100000);
    create(zh, "/absent/child", "e", 0, -1);
    get(zh, "/c");
    get(zh, "/c/null");
    get(zh, "/c/empty");
    get(zh, "/absent");
    struct Stat stat;
    printf("set: %d\n", zoo_set2(zh, "/c", "changed", 7, 0, &stat));
    printStat(&stat);
    printf("set with an old version: %d\n", zoo_set(zh, "/c", "x", 1, 0));
    printf("exists: %d\n", zoo_exists(zh, "/c/e", 0, &stat));
    printStat(&stat);
    printf("exists not: %d\n", zoo_exists(zh, "/nope", 0, &stat));
    struct String_vector children;
    printf("children: %d\n", zoo_get_children2(zh, "/c", 0, &children, &stat));
    printStrings(&children);
    printStat(&stat);
    printf("delete with children: %d\n", zoo_delete(zh, "/c", -1));
    printf("delete with a wrong version: %d\n", zoo_delete(zh, "/c/empty", 5));
    printf("delete: %d\n", zoo_delete(zh, "/c/empty", 0));
    printf("delete again: %d\n", zoo_delete(zh, "/c/empty", 0));
    completions = 0;
    zoo_async(zh, "/c", onSynced, NULL);
    waitCompletions(1);
}

static void watches(zhandle_t *zh) {
    struct Stat stat;
    char buffer[100];
    int length = sizeof buffer;
    struct String_vector children;
    events = 0;
    zoo_wexists(zh, "/w", onEvent, "exists", &stat);
    create(zh, "/w", "w", 0, -1);
    waitEvents(1);
    zoo_wget(zh, "/w", onEvent, "data", buffer, &length, &stat);
    zoo_set(zh, "/w", "2", 1, -1);
    waitEvents(2);
    zoo_wget_children(zh, "/w", onEvent, "children", &children);
    deallocate_String_vector(&children);
    create(zh, "/w/child", "w", 0, -1);
    waitEvents(3);
    zoo_wexists(zh, "/w/child", onEvent, "deleted", &stat);
    printf("delete: %d\n", zoo_delete(zh, "/w/child", -1));
    waitEvents(4);
    zoo_wget(zh, "/w", onEvent, "removed", buffer, &length, &stat);
    printf("remove watches: %d\n",
           zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, onEvent, "removed", 0));
    printf("remove no watches: %d\n",
           zoo_remove_watches(zh, "/w", ZWATCHTYPE_CHILD, onEvent, "none", 0));
    zoo_set(zh, "/w", "3", 1, -1);
}

static void multis(zhandle_t *zh) {
    zoo_op_t ops[4];
    zoo_op_result_t results[4];
    char one[100] = "", two[100] = "";
    struct Stat stat;
    memset(results, 0, sizeof results);
    zoo_create_op_init(&ops[0], "/m", "m", 1, &ZOO_OPEN_ACL_UNSAFE, 0, one, sizeof one);
    zoo_create_op_init(&ops[1], "/m/s-", "m", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE, two, sizeof two);
    zoo_set_op_init(&ops[2], "/m", "x", 1, 0, &stat);
    zoo_check_op_init(&ops[3], "/m", 1);
    printf("multi: %d\n", zoo_multi(zh, 4, ops, results));
    for (int i = 0; i < 4; i++) printf("  result %d: %d\n", i, results[i].err);
    printf("  %s %s\n", one, two);
    printStat(&stat);
    memset(results, 0, sizeof results);
    zoo_delete_op_init(&ops[0], "/m/s-0000000000", -1);
    zoo_check_op_init(&ops[1], "/m", 77);
    zoo_delete_op_init(&ops[2], "/m", -1);
    printf("failing multi: %d\n", zoo_multi(zh, 3, ops, results));
    for (int i = 0; i < 3; i++) printf("  result %d: %d\n", i, results[i].err);
    get(zh, "/m/s-0000000000");
}

static void auths(zhandle_t *zh, const char *address) {
    struct ACL_vector acls;
    struct Stat stat;
    completions = 0;
    zoo_add_auth(zh, "digest", "carol:pw", 8, onAuth, "digest");
    waitCompletions(1);
    printf("create for the creator: %d\n",
           zoo_create(zh, "/mine", "m", 1, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0));
    printf("get acl: %d\n", zoo_get_acl(zh, "/mine", &acls, &stat));
    printAcls(&acls);
    struct ACL one = {ZOO_PERM_READ | ZOO_PERM_ADMIN, ZOO_AUTH_IDS};
    struct ACL_vector few = {1, &one};
    printf("set acl: %d\n", zoo_set_acl(zh, "/mine", 0, &few));
    printf("set without permission: %d\n", zoo_set(zh, "/mine", "x", 1, -1));
    struct ACL_vector none = {0, NULL};
    printf("create without acl: %d\n", zoo_create(zh, "/no-acl", "m", 1, &none, 0, NULL, 0));
    zhandle_t *other = connectTo(address, NULL);
    get(other, "/mine");
    printf("get acl of another's: %d\n", zoo_get_acl(other, "/mine", &acls, &stat));
    zookeeper_close(other);
}

static void largeData(zhandle_t *zh) {
    int size = 900 * 1024;
    char *large = malloc(size), *back = malloc(size);
    for (int i = 0; i < size; i++) large[i] = (char)(i * 31);
    printf("create large: %d\n", zoo_create(zh, "/large", large, size, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0));
    int length = size;
    int rc = zoo_get(zh, "/large", 0, back, &length, NULL);
    printf("get large: %d, %d bytes, %s\n", rc, length,
           memcmp(large, back, size) == 0 ? "equal" : "different");
    free(large);
    free(back);
}

static void pipeline(zhandle_t *zh) {
    struct Stat stat;
    completions = 0;
    create(zh, "/p", "0", 0, -1);
    for (int i = 0; i < 500; i++) zoo_aset(zh, "/p", "x", 1, i, onSet, NULL);
    waitCompletions(500);
    printf("exists: %d\n", zoo_exists(zh, "/p", 0, &stat));
    printStat(&stat);
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    const char *address = arguments[1];
    setvbuf(stdout, NULL, _IONBF, 0);
    zoo_set_debug_level(0);

    /* A child does the work and dies without closing its session. */
    int ends[2];
    if (pipe(ends) != 0) return 1;
    pid_t child = fork();
    if (child == 0) {
        zhandle_t *zh = connectTo(address, NULL);
        basics(zh);
        watches(zh);
        multis(zh);
        auths(zh, address);
        largeData(zh);
        pipeline(zh);
        _exit(write(ends[1], zoo_client_id(zh), sizeof(clientid_t)) == sizeof(clientid_t) ? 0 : 1);
    }
    int status;
    clientid_t id;
    if (waitpid(child, &status, 0) != child || status != 0) fail("the child");
    if (read(ends[0], &id, sizeof id) != sizeof id) fail("the child's session");

    clientid_t wrong = id;
    wrong.passwd[0] ^= 1;
    zhandle_t *refused = zookeeper_init(address, onEvent, 20000, &wrong, NULL, 0);
    waitState(ZOO_EXPIRED_SESSION_STATE);
    printf("a wrong password expires the session\n");
    zookeeper_close(refused);

    /* The session goes on by its id and password, with its ephemerals, until it is closed. */
    zhandle_t *resumed = connectTo(address, &id);
    get(resumed, "/c/e");
    printf("close: %d\n", zookeeper_close(resumed));
    zhandle_t *last = connectTo(address, NULL);
    get(last, "/c/e");
    zookeeper_close(last);
    return 0;
}
