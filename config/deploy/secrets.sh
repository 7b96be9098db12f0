#!/bin/sh
# Make the secrets of docker-compose.yml, each a file of a folder that only its owner may enter. What is there is kept.
#
#   sh config/deploy/secrets.sh [FOLDER]        # ./secrets by default, or VITRINE_SECRETS
set -eu
folder=${1:-${VITRINE_SECRETS:-secrets}}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

drawn() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }
# containers read the files as users of their own, so the folder is what keeps others out
kept() { [ -e "$1" ] || { cat > "$1.new" && chmod 444 "$1.new" && mv "$1.new" "$1"; }; }

drawn | kept postgres_password
drawn | kept redis_password
drawn | kept qdrant_api_key
drawn | kept grafana_password
drawn | kept token_secret
printf 'postgresql://vitrine:%s@postgres:5432/vitrine\n' "$(cat postgres_password)" | kept database_url
printf 'redis://:%s@redis:6379/0\n' "$(cat redis_password)" | kept redis_url
printf 'requirepass %s\n' "$(cat redis_password)" | kept redis.conf
printf 'service:\n  api_key: %s\n' "$(cat qdrant_api_key)" | kept qdrant.yaml
# Prometheus' own key comes from the service, see docker-compose.yml; until then it is refused
printf '' | kept metrics_key
chmod 644 metrics_key
echo "secrets are in $(pwd)"
