# Everything docker-compose.yml runs, on Debian 12 and from Debian's packages alone. Nothing runs as root.
ARG BASE=debian:12-slim

FROM ${BASE} AS build
WORKDIR /src
COPY dev ./
# The packages first, so that an edit of the sources does not install them again.
RUN ./dev install-packages build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release \
    && cmake --build build/release --target zonecastd zonecast zonecast-mirror libzonecast libzonecast_static zonecast_lua \
    && cmake --install build/release --prefix /usr/local --strip

# zonecastd, zonecast and zonecast-mirror
FROM ${BASE} AS zonecast
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libuv1 libhiredis0.14 libprotobuf32 libssl3 \
       libabsl20220623 libyaml-cpp0.7 libspdlog1.10 libfmt9 liblmdb0 libpsl5 libldns3 libsystemd0 libcap-ng0 libgetdns10 libsqlite3-0 \
       libprometheus-cpp-core1.0 libmicrohttpd12 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 800 zonecast && useradd --system --uid 800 --gid 800 --no-create-home zonecast \
    && install -d -o zonecast -g zonecast /var/lib/zonecast /run/zonecast
COPY --from=build /usr/local/bin/zonecastd /usr/local/bin/zonecast /usr/local/bin/zonecast-mirror /usr/local/bin/
USER zonecast
ENTRYPOINT ["zonecastd"]
CMD ["-c", "/etc/zonecast/zonecast.yaml"]

# The store
FROM ${BASE} AS redis
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 800 zonecast && usermod --append --groups zonecast redis \
    && install -d -o redis -g zonecast -m 2770 /run/redis-shared
USER redis
ENTRYPOINT ["redis-server"]

# Customers' primary, as an example
FROM ${BASE} AS primary
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends knot \
    && rm -rf /var/lib/apt/lists/* && install -d -m 1777 /run/knot && install -d -o knot -g knot /var/lib/knot/zones
COPY --chown=knot:knot tour/zones/ /var/lib/knot/zones/
USER knot
ENTRYPOINT ["knotd"]
CMD ["-c", "/etc/knot/knot.conf"]

# The resolver
FROM ${BASE} AS unbound
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends unbound \
    && rm -rf /var/lib/apt/lists/*
USER unbound
ENTRYPOINT ["unbound"]
CMD ["-d", "-c", "/etc/unbound/unbound.conf"]

# A proxy at the edge. Its table belongs to the user of the mirror, who has the same number in both images. Kamailio
# looks for TCP in /etc/protocols, which is in netbase.
FROM ${BASE} AS kamailio
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends netbase kamailio kamailio-lua-modules \
       kamailio-sqlite-modules sqlite3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 800 zonecast && useradd --system --uid 800 --gid 800 --no-create-home zonecast
COPY config/kamailio/ /etc/kamailio/
RUN install -d -m 1777 /run/kamailio && install -d -o kamailio -g kamailio /var/lib/kamailio \
    && for name in users location; do sqlite3 /var/lib/kamailio/$name.db </etc/kamailio/database.sql; done \
    && chown kamailio:kamailio /var/lib/kamailio/*.db
COPY --from=build /usr/local/lib/lua/5.1/zonecast.so /usr/local/lib/lua/5.1/
USER kamailio
ENTRYPOINT ["kamailio"]
CMD ["-DD", "-E", "-f", "/etc/kamailio/kamailio.cfg", "-Y", "/run/kamailio", "-X", "fm", "-m", "64", "-M", "8"]

# The alerts
FROM ${BASE} AS prometheus
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus \
    && rm -rf /var/lib/apt/lists/* && install -d -o prometheus -g prometheus /var/lib/prometheus
USER prometheus
ENTRYPOINT ["prometheus"]

# Lets the host see what listens on a container's loopback
FROM ${BASE} AS page
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends socat \
    && rm -rf /var/lib/apt/lists/*
USER nobody
ENTRYPOINT ["socat"]
